/**
 * Makes the tables of calls anew, from the log alone, while they are being read: call by call, in the order of their
 * ids. Each call is replaced in one transaction, behind the same lock as the projection. A reader sees a call as it was
 * or as it is, never half of it. Only a call that is too long for one transaction is seen while it grows again. After a
 * kill, any process goes on with a rebuild. We chose this over a second set of tables because it needs no room for one,
 * and because an erasure meanwhile has only one place to look at.
 */
import { Injectable, Logger } from '@nestjs/common';
import { type Actor, AuditLog, SYSTEM } from '../../audit/audit-log.js';
import type { Prisma } from '../../database/generated/client.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { Run } from '../../database/pg-pool.js';
import type { CallName } from '../../events/log/event.js';
import { type CallSize, EventLog } from '../../events/log/event-log.js';
import { CallIntake, type Intake } from './call-intake.js';
import { CallStore, type Rebuild, rebuildMark } from './call-store.js';
import { CallTables } from './call-tables.js';
import { ProjectionAttempts } from './projection-attempts.js';

/** Calls in one step. */
const CALLS = 100;
/** Bytes of the events' data in one step; bounds memory. */
const MAX_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 'rebuild';
/** Less than any call. */
const FIRST = { tenantId: null, callId: '' };

@Injectable()
export class CallsRebuild {
  private readonly logger = new Logger('Calls');

  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
    private readonly log: EventLog,
    private readonly store: CallStore,
    private readonly tables: CallTables,
    private readonly intake: CallIntake,
    private readonly attempts: ProjectionAttempts,
  ) {}

  /** Begins, or begins again. The projection does the work. */
  async start(actor: Actor): Promise<void> {
    await this.prisma.$transaction((transaction) => this.begin(transaction, actor));
  }

  /** Begins a rebuild if an older version made the tables. */
  async startIfOlder(): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      if (!(await this.store.claimVersion(transaction))) return;
      await this.begin(transaction, SYSTEM);
      this.logger.log(
        'the calls were kept by an older version: they are made anew from the log, and may be read meanwhile',
      );
    });
  }

  private async begin(transaction: Prisma.TransactionClient, actor: Actor): Promise<void> {
    await this.store.startRebuild(transaction);
    const change = { action: 'calls.rebuild', target: 'calls', before: null, after: null };
    await this.audit.record(transaction, actor, { ...change, books: [] });
  }

  /**
   * Rebuilds some calls with at most `maxEvents` events together, or that many events of one call. False when another
   * process writes.
   */
  async step(maxEvents: number): Promise<boolean> {
    const intakes: Intake[] = [];
    const isWriter = await this.store.asWriter(async (run, { position, rebuild }) => {
      if (rebuild === null) return;
      const { call, reached } = rebuild;
      const bounds = { position, maxEvents };
      const intake = await (call === null ? this.next(run, rebuild, bounds) : this.goOn(run, call, reached, bounds));
      if (intake) intakes.push(intake);
    });
    intakes.forEach((intake) => this.intake.say(intake));
    return isWriter;
  }

  private async next(run: Run, { after }: Rebuild, bounds: Bounds): Promise<Intake | undefined> {
    const sizes = await this.log.callSizesAcrossTenants(after ?? FIRST, CALLS, bounds.maxEvents);
    const begun = { place: `after ${after === null ? '' : rebuildMark(after)}`, size: sizes.length };
    return this.attempts.during(run, ATTEMPTS, begun, async (manner) => {
      const calls = withinBounds(manner === 'whole' ? sizes : sizes.slice(0, 1), bounds.maxEvents);
      const [first] = calls;
      if (manner === 'quarantine' && first) return this.quarantine(run, first, bounds.position);
      await this.tables.remove(run, calls);
      if (first && isTooLong(first, bounds.maxEvents)) return this.read(run, first, 0, bounds);
      const intake = await this.intake.take(run, await this.log.readCallsAcrossTenants(calls, bounds.position));
      await this.store.moveRebuild(run, calls.at(-1) ?? null, calls.length);
      return intake;
    });
  }

  private goOn(run: Run, call: CallName, reached: number, bounds: Bounds): Promise<Intake | undefined> {
    const begun = { place: `${reached} of ${rebuildMark(call)}`, size: 1 };
    return this.attempts.during(run, ATTEMPTS, begun, async (manner) =>
      manner === 'quarantine' ? this.quarantine(run, call, bounds.position) : this.read(run, call, reached, bounds),
    );
  }

  /** Until the call has been read to its end, the projection leaves new events of the call to this. */
  private async read(run: Run, call: CallName, reached: number, bounds: Bounds): Promise<Intake> {
    const { position, maxEvents } = bounds;
    const within = { after: reached, until: position, limit: maxEvents, maxBytes: MAX_BYTES };
    const events = await this.log.readCallAcrossTenants(call, within);
    const intake = await this.intake.take(run, events);
    const last = events[intake.count - 1];
    if (last === undefined) await this.store.moveRebuild(run, call, 1);
    else await this.store.moveWithinCall(run, call, last.position);
    return intake;
  }

  private async quarantine(run: Run, call: CallName, position: number): Promise<undefined> {
    await this.tables.quarantine(run, call, position);
    await this.store.moveRebuild(run, call, 1);
    this.logger.error(
      `the call ${call.callId} ended the process that made it anew: nothing of it is taken in any more`,
    );
  }
}

interface Bounds {
  readonly position: number;
  readonly maxEvents: number;
}

/** As many of the first calls as stay within the bounds together, at least one. */
function withinBounds(calls: readonly CallSize[], maxEvents: number): readonly CallSize[] {
  let [events, bytes] = [0, 0];
  const count = calls.findIndex((call) => (events += call.events) > maxEvents || (bytes += call.bytes) > MAX_BYTES);
  return calls.slice(0, count === -1 ? calls.length : Math.max(1, count));
}

function isTooLong({ events, bytes }: CallSize, maxEvents: number): boolean {
  return events > maxEvents || bytes > MAX_BYTES;
}
