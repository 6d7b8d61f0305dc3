/**
 * Makes the tables of calls anew, from the log alone, while they are read: call by call, in the order of their ids, each in the
 * transaction that replaces it, behind the same lock as the projection. A reader sees a call as it was or as it is, never
 * half of it; what was begun is gone on with after a kill, by any process. Chosen over a second set of tables because it needs
 * no room for one, and because an erasure in between has one place to look at.
 */
import { Injectable, Logger } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { isForTheRows } from '../database/database-errors.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Run } from '../database/pg-pool.js';
import type { CallName } from '../events/event.js';
import { EventLog } from '../events/event-log.js';
import { CallStore, rebuiltUntil } from './call-store.js';
import { touchedCalls } from './touched-call.js';

/** Calls a step. */
const CALLS = 100;

@Injectable()
export class CallsRebuild {
  private readonly logger = new Logger('Calls');

  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
    private readonly log: EventLog,
    private readonly store: CallStore,
  ) {}

  /** Begins, or begins again; the projection does the work. */
  async start(actor: Actor): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      await this.store.startRebuild(transaction);
      const change = { action: 'calls.rebuild', target: 'calls', before: null, after: null };
      await this.audit.record(transaction, actor, { ...change, books: [] });
    });
  }

  /** Some calls, of no more than so many events together. False when another process writes. */
  step(maxEvents: number): Promise<boolean> {
    return this.store.asWriter(async (run, position, after) => {
      if (after === null) return;
      const calls = withinBounds(await this.log.callSizesAcrossTenants(rebuiltUntil(after), CALLS), maxEvents);
      await this.replace(run, calls, position);
      await this.store.moveRebuild(run, calls.at(-1) ?? null, calls.length);
    });
  }

  /** A call that the database refuses stays as it is: the others must not wait for it. */
  private async replace(run: Run, calls: readonly CallName[], position: number): Promise<void> {
    if (calls.length === 0) return;
    const events = await this.log.readCallsAcrossTenants(calls, position);
    await run('SAVEPOINT calls');
    try {
      await this.store.remove(run, calls);
      await this.store.save(run, touchedCalls(events));
    } catch (error) {
      if (!isForTheRows(error)) throw error;
      await run('ROLLBACK TO SAVEPOINT calls');
      if (calls.length > 1) for (const call of calls) await this.replace(run, [call], position);
      else this.logger.error(`a call of ${events.length} events cannot be made anew: ${(error as Error).message}`);
    }
    await run('RELEASE SAVEPOINT calls');
  }
}

/** As many of the first calls as have no more events together, at least one. */
function withinBounds<Sized extends { readonly events: number }>(calls: readonly Sized[], maxEvents: number): Sized[] {
  let events = 0;
  const count = calls.findIndex((call) => (events += call.events) > maxEvents);
  return calls.slice(0, count === -1 ? calls.length : Math.max(1, count));
}
