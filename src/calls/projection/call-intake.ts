/**
 * Takes events into their calls, within the writer's transaction. Its reads and its memory are bounded, whatever the
 * events and however long their calls. An event that cannot be taken in is passed over. Its own call lacks that event;
 * no other call is affected. A fault of ours shows while the call is computed in memory. If the database refuses a
 * batch, the cause is looked for by halves, call by call and then event by event. Faults are told apart by their class
 * or code, never by their text.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { eventsProjected } from '../../common/metrics.js';
import { ENV, type Env } from '../../config/env.js';
import { isForTheRows } from '../../database/database-errors.js';
import type { Run } from '../../database/pg-pool.js';
import type { CallName, LoggedEvent } from '../../events/log/event.js';
import { CallTables } from './call-tables.js';
import { type Indigestible, type TouchedCall, touchedCalls } from './touched-call.js';

/** What became of the first events of a batch. */
export interface Intake {
  /** How many of them were taken in or passed over. The others would have been too much at once. */
  readonly count: number;
  readonly passedOver: readonly Indigestible[];
}

/** Bytes of calls that are read for one batch. A single event may need more, and then gets it. */
const MAX_LOAD_BYTES = 8 * 1024 * 1024;
/** How often the database may refuse the events of one call in a batch. Then all of them are passed over. */
const MAX_REFUSALS = 16;

@Injectable()
export class CallIntake {
  private readonly logger = new Logger('Calls');

  constructor(
    private readonly tables: CallTables,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** `except`: a call that is being rebuilt elsewhere. Quarantined calls are left out, too. */
  async take(run: Run, events: readonly LoggedEvent[], except: CallName | null = null): Promise<Intake> {
    const passedOver: Indigestible[] = [];
    const unwanted = [
      ...(await this.tables.quarantinedAmong(run, namesIn(events))),
      ...(except === null ? [] : [except]),
    ];
    const wanted = events.filter(
      ({ tenantId, callId }) => !unwanted.some((call) => call.callId === callId && call.tenantId === tenantId),
    );
    const { calls, count } = await this.fitting(run, wanted, passedOver);
    await this.save(run, calls, passedOver);
    const next = wanted[count];
    return { count: next === undefined ? events.length : events.indexOf(next), passedOver };
  }

  /**
   * Counts what the projection has taken in, and logs what was passed over. It is called after the commit, so that this
   * happens once.
   */
  report(intake: Intake): void {
    eventsProjected.inc({ outcome: 'taken in' }, intake.count - intake.passedOver.length);
    eventsProjected.inc({ outcome: 'passed over' }, intake.passedOver.length);
    this.say(intake);
  }

  say({ passedOver }: Intake): void {
    for (const { event, error } of passedOver)
      this.logger.error(
        `the event at position ${event.position} (${event.type}) cannot be taken in: passed over (${nameOf(error)})`,
      );
  }

  /** As many of the first events as a batch may read calls for. */
  private async fitting(run: Run, all: readonly LoggedEvent[], passedOver: Indigestible[]) {
    for (let events = all; ; events = events.slice(0, Math.ceil(events.length / 2))) {
      const faults: Indigestible[] = [];
      const calls = touchedCalls(events, this.env.callMaxEvents, (one) => faults.push(one));
      const maxBytes = events.length > 1 ? MAX_LOAD_BYTES : Number.MAX_SAFE_INTEGER;
      if (!(await this.tables.load(run, calls, maxBytes))) continue;
      passedOver.push(...faults);
      return { calls, count: events.length };
    }
  }

  /**
   * If the database refuses them, each half is saved by itself: halves of the calls, then of the events of one call.
   */
  private async save(run: Run, calls: readonly TouchedCall[], passedOver: Indigestible[]): Promise<void> {
    const refusal = await this.tried(run, calls, passedOver);
    if (refusal === null) return;
    const [call] = calls;
    if (calls.length === 1 && call) return this.saveEvents(run, call.logged, passedOver, { ...refusal, count: 1 });
    const middle = Math.ceil(calls.length / 2);
    await this.save(run, calls.slice(0, middle), passedOver);
    await this.save(run, calls.slice(middle), passedOver);
  }

  /**
   * Saves a call's events that the database refused together: by halves, each on top of the result of the one before.
   */
  private async saveEvents(
    run: Run,
    events: readonly LoggedEvent[],
    passedOver: Indigestible[],
    refused: { count: number; error: unknown },
  ): Promise<void> {
    const { error } = refused;
    if (events.length === 1 || refused.count > MAX_REFUSALS) {
      passedOver.push(...events.map((event) => ({ event, error })));
      return;
    }
    const middle = Math.ceil(events.length / 2);
    for (const half of [events.slice(0, middle), events.slice(middle)]) {
      const calls = touchedCalls(half, this.env.callMaxEvents, (one) => passedOver.push(one));
      await this.tables.load(run, calls, Number.MAX_SAFE_INTEGER);
      const refusal = await this.tried(run, calls, passedOver);
      if (refusal === null) continue;
      refused.count += 1;
      refused.error = refusal.error;
      await this.saveEvents(run, half, passedOver, refused);
    }
  }

  /** Null when it is written. Otherwise the database's error, and nothing is written. */
  private async tried(run: Run, calls: readonly TouchedCall[], passedOver: Indigestible[]) {
    const faults: Indigestible[] = [];
    await run('SAVEPOINT intake');
    const refusal = await this.tables
      .save(run, calls, (one) => faults.push(one))
      .then(
        () => null,
        (error: unknown) => ({ error }),
      );
    if (refusal === null) passedOver.push(...faults);
    else if (isForTheRows(refusal.error)) await run('ROLLBACK TO SAVEPOINT intake');
    else throw refusal.error;
    await run('RELEASE SAVEPOINT intake');
    return refusal;
  }
}

function namesIn(events: readonly LoggedEvent[]): CallName[] {
  return events.flatMap(({ tenantId, callId }) => (callId === null ? [] : [{ tenantId, callId }]));
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
