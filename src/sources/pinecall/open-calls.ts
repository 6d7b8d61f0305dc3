/**
 * The calls that a process has heard of and that have not ended. When the SDK loses the voice server, its calls end inside it without a
 * word, and what the server still says of them is dropped: they are said to be lost.
 */
import type { DecodedEvent } from '../../events/log/event.js';

/** Bounds memory; the oldest are forgotten, and count as lost when they have been silent for too long. */
const MAX_CALLS = 10_000;

/** Only a beginning opens a call: what trails behind its end does not. */
const BEGINNINGS = new Set(['call.ringing', 'call.dialing', 'call.started', 'chat.started']);

export class OpenCalls {
  private readonly calls = new Map<string, { agent: string; facts: DecodedEvent['data'] }>();

  note({ type, callId, agent, data }: DecodedEvent): void {
    if (typeof callId !== 'string' || typeof agent !== 'string' || typeof type !== 'string') return;
    const key = `${agent} ${callId}`;
    if (type === 'call.ended') this.calls.delete(key);
    if (!BEGINNINGS.has(type)) return;
    const { from, to, direction, transport } = data;
    this.calls.set(key, { agent, facts: { callId, from, to, direction, transport } });
    const [oldest] = this.calls.keys();
    if (this.calls.size > MAX_CALLS && oldest !== undefined) this.calls.delete(oldest);
  }

  /** Their ends. An end that is said after all counts, too: it has an identity of its own, and comes later. */
  lost(ofAgent: string | undefined): DecodedEvent[] {
    const gone = [...this.calls].filter(([, { agent }]) => ofAgent === undefined || agent === ofAgent);
    return gone.map(([key, { agent, facts }]) => {
      this.calls.delete(key);
      const data = { ...facts, agent, reason: 'lost' };
      const identity = ['call', facts['callId'], 'call.ended', 'lost'];
      return { type: 'call.ended', agent, callId: facts['callId'], at: undefined, ephemeral: false, identity, data };
    });
  }
}
