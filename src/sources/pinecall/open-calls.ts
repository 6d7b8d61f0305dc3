/**
 * The calls that a process has heard of and that have not ended. If the SDK loses the voice server, it ends its calls
 * silently and drops what the server still sends about them. So we report them as lost.
 */
import type { DecodedEvent } from '../../events/log/event.js';

/** Bounds memory. The oldest are forgotten, and count as lost after a long silence. */
const MAX_CALLS = 10_000;

/** Only a beginning opens a call; late events after its end do not. */
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

  /** Their ends. A real end that still comes counts, too: it has its own identity and comes later. */
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
