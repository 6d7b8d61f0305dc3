/**
 * Simulated calls: the source of the demo and the tests, with wire A's vocabulary but without a wire. Options:
 * `simulator/options.ts`. With a given seed the same conversations come in the same order. Their ids contain the start
 * of the run, because the log would otherwise drop them as duplicates after a restart. Two runs share ids only if seed
 * and millisecond of their start are the same. Calls end with their run: those still open are ended when it stops, or
 * by the next run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { moment } from '../common/moment.js';
import type { DecodedEvent } from '../events/log/event.js';
import { decodeAgentEvent } from './pinecall/decode.js';
import type { UnfinishedCall } from '../events/log/log-inquiry.js';
import { SIMULATED, ScheduledCue, scheduleCalls } from './simulator/call-schedule.js';
import { readSimulatorOptions, SimulatorOptions } from './simulator/options.js';
import type { EventSink, Source } from './source.js';

/** The most events handed over at once; bounds how long one turn of the event loop takes. */
const MAX_BATCH = 500;
/** If the simulator is later than this (database away, laptop asleep), it goes on from now and does not catch up. */
const MAX_LATE_MS = 1000;
/** The end reason of calls that a run left open. */
const ENDED_BY = 'disconnected';
/** Types that carry the time of day on the recorded wires. */
const TIMED = /^(speech\..+|turn\.resumed|audio\.metrics)$/;

export class SimulatorSource implements Source {
  readonly name = 'simulator';
  readonly once = true;
  private readonly options: SimulatorOptions;
  private finished = false;

  /**
   * `now` is the time of day in milliseconds. Throws InvalidSource. `log`: where the calls of earlier runs are found.
   */
  constructor(
    entry: string,
    private readonly now = () => moment().getTime(),
    private readonly log?: {
      unfinishedAcrossTenants(id: string, agents: readonly string[]): Promise<UnfinishedCall[]>;
    },
  ) {
    this.options = readSimulatorOptions(entry);
  }

  /**
   * Resolves when told to stop, or once `calls` calls have ended and are committed. A further run then does nothing.
   */
  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    live();
    try {
      await this.farewell(sink);
      if (this.finished) await untilAborted(new Promise(() => undefined), stop);
      await this.play(sink, stop, (error) => failed.abort(error));
      this.finished = true;
    } catch (error) {
      if (signal.aborted) return;
      throw failed.signal.aborted ? failed.signal.reason : error;
    }
  }

  /** Ends the calls that are open. */
  async farewell(sink: EventSink): Promise<void> {
    const agents = this.options.agents.map(({ agent }) => agent);
    const open = (await this.log?.unfinishedAcrossTenants(`^(CA|WA)_${SIMULATED}`, agents)) ?? [];
    const ends = open.map(({ callId, agent }) =>
      callId.startsWith('WA')
        ? decodeAgentEvent('whatsapp.sessionEnded', { sessionId: callId, agent, reason: ENDED_BY })
        : decodeAgentEvent('call.ended', { callId, agent, reason: ENDED_BY }),
    );
    if (ends.length > 0) await sink.push(ends);
  }

  private async play(sink: EventSink, stop: AbortSignal, fail: (error: unknown) => void): Promise<void> {
    const pace = new Pace(this.options.speed);
    const cues = scheduleCalls(this.options, this.now());
    let committed = Promise.resolve();
    for (let next = cues.next(); !next.done;) {
      // Also if something is due already: an abort must get its turn.
      await sleep(pace.waitMs(next.value.atMs), undefined, { signal: stop });
      const batch: DecodedEvent[] = [];
      for (; !next.done && batch.length < MAX_BATCH && pace.isDue(next.value.atMs); next = cues.next()) {
        batch.push(this.decode(next.value));
      }
      if (batch.length === 0) continue;
      committed = sink.push(batch);
      committed.catch(fail);
      await untilAborted(sink.room(), stop);
    }
    await untilAborted(committed, stop);
  }

  private decode({ type, data }: ScheduledCue): DecodedEvent {
    return decodeAgentEvent(type, TIMED.test(type) ? { ...data, timestamp: this.now() / 1000 } : data);
  }
}

/** Maps the schedule's time to the clock. It stands still while nothing can be handed over. */
class Pace {
  private originMs = performance.now();

  constructor(private readonly speed: number) {}

  /** The time until then; 0 if it is past. */
  waitMs(atMs: number): number {
    const waitMs = this.originMs + atMs / this.speed - performance.now();
    if (waitMs < -MAX_LATE_MS) this.originMs -= waitMs;
    return Math.max(0, waitMs);
  }

  isDue(atMs: number): boolean {
    return this.originMs + atMs / this.speed <= performance.now();
  }
}

/** Like the promise, but rejects as soon as the signal aborts. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}
