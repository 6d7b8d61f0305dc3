/**
 * For wires that cannot be told to wait (core NATS, Redis Pub/Sub, the emitters of a module): what comes in while too much waits
 * for its commit is lost. The loss is bounded memory's price, and never silent: it is counted, said in the log, and told to the
 * readers of the calls concerned as `log.gap`, in the place where it happened: before whatever of the call comes in next.
 */
import { sourceEventsLost } from '../common/metrics.js';
import type { DecodedEvent } from '../events/log/event.js';
import { PassedOver } from './passed-over.js';
import type { EventSink } from './source.js';

/** Events and bytes of one source that may wait for their commit. Once full, it loses until half of that is through. */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Calls of which it is remembered that something was lost; beyond that, their agents; beyond that as many again, nobody. */
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

  /** Resolves at once for what is lost. `bytes`: of the message that held them, where there was one. */
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
      // Nothing more may come of these calls: they are told now.
      const gaps = this.takeGaps();
      if (gaps.length > 0) this.handOn(gaps, 0).catch(() => undefined); // Told to stop: its signal says so too.
    });
  }

  private lose({ agent, callId, ephemeral }: DecodedEvent): void {
    sourceEventsLost.inc({ source: this.source });
    this.passedOver.note();
    // What is live only leaves no hole in what can be read later.
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
      ...{ type: 'log.gap', agent, callId, at: undefined, ephemeral: false, identity: undefined },
      data: { ...(callId === null ? {} : { callId }), lost, reason: 'upstream' },
    }));
  }
}

function roughBytes(events: readonly DecodedEvent[]): number {
  return events.reduce((bytes, { data }) => bytes + JSON.stringify(data).length, 0);
}
