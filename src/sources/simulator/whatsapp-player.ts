/** Plays a WhatsApp session: messages with `sessionId` where a call's events have `callId`, and their ticks. */
import type { WhatsAppConversation, WhatsAppStep } from './conversation.js';
import type { Cue, Scene } from './scene.js';

/** What becomes of a message that the agent sends. */
const TICKS = ['sent', 'delivered', 'read'];

export class WhatsAppPlayer {
  private messages = 0;
  private lastedMs = 0;
  /** Silence that the script asked for before the next cue. */
  private silenceMs = 0;
  /** A person has taken over: the agent listens only. */
  private paused = false;

  constructor(private readonly scene: Scene<WhatsAppConversation>) {}

  *play(): Generator<Cue> {
    const { conversation, caller, fill } = this.scene;
    const contact = { contactPhone: caller, contactName: fill('{name}') };
    yield this.relayed([0, 0], 'whatsapp.sessionStarted', contact);
    for (const step of conversation.steps) yield* this.step(step);
    // It counts as over when nothing has come for a while; its duration is up to the last message.
    const summary = { reason: conversation.reason ?? 'idle_timeout', duration: this.lastedMs / 1000 };
    const ended = { ...contact, ...summary, messageCount: this.messages };
    yield this.relayed([15_000, 25_000], 'whatsapp.sessionEnded', ended);
  }

  private *step(step: WhatsAppStep): Generator<Cue> {
    if ('silenceMs' in step) {
      this.silenceMs += step.silenceMs;
    } else if ('operator' in step) {
      this.paused = step.operator === 'takes over';
      yield this.cue([1500, 3000], this.paused ? 'session.paused' : 'session.resumed', { sessionId: this.scene.id });
    } else if ('user' in step) {
      yield this.incoming(step.user);
    } else {
      yield* this.outgoing(step.bot);
    }
  }

  private incoming(text: string): Cue {
    const { caller, fill } = this.scene;
    this.messages += 1;
    // The first message is what opens the session.
    return this.relayed(this.messages === 1 ? [20, 60] : [3000, 9000], 'whatsapp.message', {
      from: caller,
      name: fill('{name}'),
      type: 'text',
      text: fill(text),
      messageId: this.messageId(),
      paused: this.paused,
    });
  }

  private *outgoing(text: string): Generator<Cue> {
    const { caller, fill, agent } = this.scene;
    this.messages += 1;
    yield this.relayed([1200, 3500], 'whatsapp.response', { to: caller, text: fill(text) });
    for (const status of TICKS) {
      // A tick says whose message it was, not in which session: so does the recorded wire.
      const tick = { status, recipient: caller, messageId: this.messageId() };
      yield this.cue([200, 1200], 'whatsapp.status', { agentId: agent, event: 'whatsapp.status', ...tick });
    }
  }

  private messageId(): string {
    return `wamid.${this.scene.id.slice(3)}.${this.messages}`;
  }

  private relayed(rangeMs: readonly [number, number], type: string, fields: Record<string, unknown>): Cue {
    const { agent, id } = this.scene;
    return this.cue(rangeMs, type, { agentId: agent, event: type, sessionId: id, ...fields });
  }

  private cue([lowMs, highMs]: readonly [number, number], type: string, fields: Record<string, unknown>): Cue {
    const afterMs = Math.round(this.scene.random.between(lowMs, highMs)) + this.silenceMs;
    this.silenceMs = 0;
    this.lastedMs += afterMs;
    return { afterMs, type, data: { ...fields, agent: this.scene.agent } };
  }
}
