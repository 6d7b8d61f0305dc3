/**
 * Turns a script and a seeded random source into a timeline of wire A's events. Pure: no clock, no I/O; the same seed
 * gives the same timeline. The events, their fields and their order are those of `test/fixtures/` (recorded from the
 * real SDK).
 */
import type { ChatConversation, SpokenConversation } from './conversation.js';
import { playTool, relayed, told } from './cues.js';
import type { Cue, Scene } from './scene.js';
import { SpokenPlayer } from './spoken-player.js';
import { WhatsAppPlayer } from './whatsapp-player.js';

/**
 * All of a conversation: a call's first cue is `call.started`, its last `call.ended`; a WhatsApp session has its own
 * two.
 */
export function* playConversation(scene: Scene): Generator<Cue> {
  const { conversation } = scene;
  if (conversation.transport === 'whatsapp') yield* new WhatsAppPlayer({ ...scene, conversation }).play();
  else yield* playCall({ ...scene, conversation });
}

function* playCall(scene: Scene<SpokenConversation | ChatConversation>): Generator<Cue> {
  const { conversation, random } = scene;
  yield told(scene, 0, 'call.started', {});
  let lastedMs = 0;
  for (const cue of playTalk(scene)) {
    lastedMs += cue.afterMs;
    yield cue;
  }
  const last = conversation.steps.at(-1);
  const afterMs = last && 'silenceMs' in last ? last.silenceMs : Math.round(random.between(600, 1800));
  yield told(scene, afterMs, 'call.ended', {
    // Nobody picked up: it rang, but there was no conversation.
    duration: isUnanswered(conversation.reason) ? 0 : (lastedMs + afterMs) / 1000,
    reason: conversation.reason ?? DEFAULT_REASON[conversation.transport],
  });
}

const DEFAULT_REASON = { phone: 'hangup', webrtc: 'disconnected', chat: 'idle_timeout' } as const;

function isUnanswered(reason: string | undefined): boolean {
  return reason === 'no_answer' || reason === 'busy';
}

function playTalk(scene: Scene<SpokenConversation | ChatConversation>): Iterable<Cue> {
  const { conversation } = scene;
  return conversation.transport === 'chat'
    ? playChat({ ...scene, conversation })
    : new SpokenPlayer({ ...scene, conversation }).play();
}

/** In a chat nothing is spoken; the real wire gives its messages an empty `messageId` and no turn. */
function* playChat(scene: Scene<ChatConversation>): Generator<Cue> {
  const { conversation, random, fill } = scene;
  let tools = 0;
  let afterMs = 0;
  for (const step of conversation.steps) {
    if ('silenceMs' in step) {
      afterMs += step.silenceMs;
    } else if ('tool' in step) {
      yield* playTool(scene, step, { msgId: '', number: (tools += 1) });
    } else if ('user' in step) {
      afterMs += Math.round(random.between(2500, 7000));
      yield relayed(scene, afterMs, 'user.message', { messageId: '', text: fill(step.user), confidence: 1, turnId: 0 });
      afterMs = 0;
    } else {
      afterMs += Math.round(random.between(1200, 3000));
      yield relayed(scene, afterMs, 'bot.speaking', { messageId: '', text: fill(step.bot) });
      afterMs = 0;
    }
  }
}
