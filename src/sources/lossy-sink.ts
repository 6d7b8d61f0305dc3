/**
 * A sink for wires that cannot be told to wait (core NATS, Redis Pub/Sub, the emitters of a module). While too much
 * waits for its commit, new events are lost: that is the price of bounded memory. The loss is never silent. It is
 * counted and logged, and readers of the calls concerned get a `log.gap` in its place, before the next event of the
 * call.
 */
import { sourceEventsLost } from '../common/metrics.js';
import type { DecodedEvent } from '../events/log/event.js';
import { PassedOver } from './passed-over.js';
import type { EventSink } from './source.js';

/**
 * Events and bytes of one source that may wait for their commit. Once full, the sink loses events until half of that is
 * committed.
 */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** For how many calls a loss is remembered. Beyond that only their agents are; beyond as many again, nothing. */
const MAX_GAPS = 1000;

interface Gap {
  readonly agent: string;
  readonly callId: unknown;
  lost: number;
}

export class LossySink implements EventSink {
  private readonly gaps = new Map<string, Gap>();
  private readonly passedOver: PassedOver;
  private isFull = false;
  private waiting = 0;
  private waitingBytes = 0;

  constructor(
    private readonly source: string,
    private readonly sink: EventSink,
  ) {
    this.passedOver = new PassedOver(source, 'event while too many wait for the database: LOST');
  }

  /** Resolves at once for a lost event. `bytes`: the size of the message that held the events, if there was one. */
  push(events: readonly DecodedEvent[], bytes = roughBytes(events)): Promise<void> {
    if (this.waiting + events.length > MAX_WAITING || this.waitingBytes + bytes > MAX_WAITING_BYTES) this.isFull = true;
    if (this.isFull) {
      for (const event of events) this.lose(event);
      return Promise.resolve();
    }
    return this.handOn([...this.takeGaps(), ...events], bytes);
  }

  room(): Promise<void> {
    return this.sink.room();
  }

  private handOn(events: readonly DecodedEvent[], bytes: number): Promise<void> {
    this.waiting += events.length;
    this.waitingBytes += bytes;
    return this.sink.push(events).finally(() => {
      this.waiting -= events.length;
      this.waitingBytes -= bytes;
      if (!this.isFull || this.waiting > MAX_WAITING / 2 || this.waitingBytes > MAX_WAITING_BYTES / 2) return;
      this.isFull = false;
      // These calls may get no further event, so their gap is sent now.
      const gaps = this.takeGaps();
      if (gaps.length > 0) this.handOn(gaps, 0).catch(() => undefined); // Told to stop: its signal says so too.
    });
  }

  private lose({ agent, callId, ephemeral }: DecodedEvent): void {
    sourceEventsLost.inc({ source: this.source });
    this.passedOver.note();
    // An event that is only live leaves no gap in what can be read later.
    if (ephemeral || typeof agent !== 'string') return;
    const name = `${agent} ${typeof callId === 'string' ? callId : ''}`;
    if (this.gaps.has(name) || this.gaps.size < MAX_GAPS) this.note(name, agent, callId ?? null);
    else if (this.gaps.has(`${agent} `) || this.gaps.size < 2 * MAX_GAPS) this.note(`${agent} `, agent, null);
  }

  private note(name: string, agent: string, callId: unknown): void {
    const gap = this.gaps.get(name) ?? { agent, callId, lost: 0 };
    gap.lost += 1;
    this.gaps.set(name, gap);
  }

  private takeGaps(): DecodedEvent[] {
    const gaps = [...this.gaps.values()];
    this.gaps.clear();
    return gaps.map(({ agent, callId, lost }) => ({
      type: 'log.gap',
      agent,
      callId,
      at: undefined,
      ephemeral: false,
      identity: undefined,
      data: { ...(callId === null ? {} : { callId }), lost, reason: 'upstream' },
    }));
  }
}

function roughBytes(events: readonly DecodedEvent[]): number {
  return events.reduce((bytes, { data }) => bytes + JSON.stringify(data).length, 0);
}
