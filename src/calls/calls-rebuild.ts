/**
 * Makes the tables of calls anew, from the log alone, while they are read: call by call, in the order of their ids, each in the
 * transaction that replaces it, behind the same lock as the projection. A reader sees a call as it was or as it is, never
 * half of it; what was begun is gone on with after a kill, by any process. Chosen over a second set of tables because it needs
 * no room for one, and because an erasure in between has one place to look at.
 */
import { Injectable, Logger } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import type { CallId } from '../common/ids.js';
import { isDatabaseAway } from '../database/database-errors.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Run } from '../database/pg-pool.js';
import type { LoggedEvent } from '../events/event.js';
import { EventLog } from '../events/event-log.js';
import { CallStore, type Progress } from './call-store.js';
import { touchedCalls } from './touched-call.js';

/** Calls a step, and events after which a step ends: the projection waits meanwhile. */
const CALLS = 50;
const EVENTS = 2000;

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
  async start(actor: Actor): Promise<Progress> {
    await this.prisma.$transaction(async (transaction) => {
      await this.store.startRebuild(transaction);
      const change = { action: 'calls.rebuild', target: 'calls', before: null, after: null };
      await this.audit.record(transaction, actor, { ...change, books: [] });
    });
    return this.store.progress();
  }

  /** Some calls. False when another process writes. */
  step(): Promise<boolean> {
    return this.store.asWriter(async (run, position, after) => {
      if (after === null) return;
      const ids = await this.log.callIdsAcrossTenants(after, CALLS);
      let [done, events] = [0, 0];
      for (const id of ids) {
        events += await this.replace(run, id, position);
        done += 1;
        if (events >= EVENTS) break;
      }
      await this.store.moveRebuild(run, ids[done - 1] ?? null, done);
    });
  }

  /** Returns how many events the call has. One that the database refuses stays as it is: the others must not wait for it. */
  private async replace(run: Run, callId: CallId, position: number): Promise<number> {
    const events: LoggedEvent[] = [];
    for (let after = 0; ;) {
      const page = await this.log.readCallAcrossTenants(callId, after, position, EVENTS);
      events.push(...page);
      if (page.length < EVENTS) break;
      after = page.at(-1)?.position ?? position;
    }
    await run('SAVEPOINT call');
    try {
      await this.store.remove(run, callId);
      await this.store.save(run, touchedCalls(events));
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      await run('ROLLBACK TO SAVEPOINT call');
      this.logger.error(`a call of ${events.length} events cannot be made anew: ${(error as Error).message}`);
    }
    await run('RELEASE SAVEPOINT call');
    return events.length;
  }
}
