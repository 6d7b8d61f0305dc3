/**
 * What a rule would have caught. It walks over whole calls of the log in the same way as the live evaluation
 * (call-walk.ts). It reads as a customer does, on the tenant's share of the connections, some calls at a time. After
 * ten seconds it answers with how far it came.
 */
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Patience } from '../common/fair-slots.js';
import { type CallId, type TenantId, callIdSchema } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Listing } from '../common/page.js';
import { Problem } from '../common/problem.js';
import { eachInTurns } from '../common/turns.js';
import type { Run } from '../database/pg-pool.js';
import { ReplayPool } from '../database/pools.js';
import { type BegunCall, agesOf, callsBegun, eventsOfCalls } from '../events/log/call-history.js';
import { TenantHeads } from '../events/log/event-log.js';
import { CallWalk } from './call-walk.js';
import { GRACE_MS } from './quiet.js';
import { type FiringView, firingView } from './firing.js';
import { type Rule, RuleSet } from './rule-set.js';
import type { Backtest } from './rules.schemas.js';
import { walked } from './tenant-calls.js';

/** Calls that are read together: at first, and at most. */
const [FIRST_BATCH, MAX_BATCH] = [8, 50];
/** How long a batch should take. The next one has fewer calls after one that took longer. */
const [SHORT_MS, LONG_MS] = [500, 2000];
/** The answer is given after this time, however far it came. */
const LONGEST_MS = 10_000;
const MAX_FIRED = 1000;
const DAYS_30_MS = 30 * 24 * 60 * 60 * 1000;

const LISTING = new Listing('backtest', z.tuple([z.number().int(), callIdSchema]));

export interface BacktestView {
  readonly fired: readonly FiringView[];
  /** Calls that were looked at. */
  readonly calls: number;
  readonly ms: number;
  /** Where to go on; null: all calls were looked at. */
  readonly next: string | null;
}

@Injectable()
export class Backtests {
  longestMs = LONGEST_MS;

  constructor(
    private readonly pool: ReplayPool,
    private readonly heads: TenantHeads,
  ) {}

  /**
   * Runs over the tenant's calls whose first event came in between `from` and `to`. Throws `validation`, `unavailable`,
   * `rate-limited`.
   */
  run(tenantId: TenantId, rule: Rule, { from, to, cursor }: Backtest, patience: Patience): Promise<BacktestView> {
    const now = moment();
    const span = { from: from ?? new Date(now.getTime() - DAYS_30_MS), to: to ?? now };
    if (span.from > span.to)
      throw new Problem('validation', 'The request is not valid.', {
        errors: [{ path: 'from', message: 'must not be later than to' }],
      });
    const key = LISTING.after(cursor, tenantId);
    const after = key && { firstPosition: key[0], callId: key[1] };
    return this.pool.answer(tenantId, () => this.walk(tenantId, new RuleSet([rule]), span, after, patience), patience);
  }

  private async walk(
    tenantId: TenantId,
    rules: RuleSet,
    span: { readonly from: Date; readonly to: Date },
    begin: BegunCall | undefined,
    { until }: Patience,
  ): Promise<BacktestView> {
    const begunAt = performance.now();
    const { seq } = await this.heads.of(tenantId);
    const run: Run = (text, values) => this.pool.ask(tenantId, () => this.pool.query(text, values), { until, isEndless: true }); // prettier-ignore
    const fired: FiringView[] = [];
    let [after, calls, size, endsAt] = [begin, 0, FIRST_BATCH, begunAt + this.longestMs];
    for (;;) {
      const batchAt = performance.now();
      const batch = await callsBegun(run, tenantId, span, after, size);
      const found = await this.walkCalls(run, tenantId, rules, batch.map(({ callId }) => callId), seq, endsAt); // prettier-ignore
      if (found === undefined && calls === 0) {
        // Each answer gets on by one call at least, however long that takes.
        [size, endsAt] = [1, Infinity];
        continue;
      }
      if (found !== undefined) [after, calls] = [batch.at(-1) ?? after, calls + batch.length];
      fired.push(...(found ?? []));
      const now = performance.now();
      const isEnd = found !== undefined && batch.length < size;
      size = sizeAfter(size, now - batchAt);
      if (!isEnd && found !== undefined && now - begunAt < this.longestMs && fired.length < MAX_FIRED) continue;
      const next = isEnd || after === undefined ? null : LISTING.cursor(tenantId, [after.firstPosition, after.callId]);
      return { fired, calls, ms: Math.round(now - begunAt), next };
    }
  }

  /** The firings in the order of the calls and, within each, of its events. Undefined: they are not found in time. */
  private async walkCalls(
    run: Run,
    tenantId: TenantId,
    rules: RuleSet,
    callIds: readonly CallId[],
    seq: number,
    endsAt: number,
  ): Promise<FiringView[] | undefined> {
    const walks = new Map(callIds.map((callId) => [callId, { walk: new CallWalk(rules), fired: [] as FiringView[] }]));
    const isWanted = (callId: CallId) => walks.get(callId)?.walk.isTooLong === false;
    for await (const page of eventsOfCalls(run, tenantId, callIds, seq, isWanted)) {
      if (performance.now() > endsAt) return undefined;
      await eachInTurns(page, (event) => {
        const { callId } = event;
        const known = callId === null ? undefined : walks.get(callId);
        if (callId === null || known === undefined) return;
        known.fired.push(...walked(known.walk, event).map((firing) => firingView(callId, firing)));
      });
    }
    // For a call that goes on, or whose end never came: what time has fulfilled since its last event, as the timer
    // counts it.
    const open = [...walks].filter(([, { walk }]) => walk.dueAt !== undefined).map(([callId]) => callId);
    for (const { callId, ageMs } of await agesOf(run, tenantId, open)) {
      const known = walks.get(callId);
      const firings = known?.walk.advance(known.walk.heardAt + ageMs - GRACE_MS) ?? [];
      known?.fired.push(...firings.map((firing) => firingView(callId, firing)));
    }
    return [...walks.values()].flatMap(({ fired }) => fired);
  }
}

function sizeAfter(size: number, tookMs: number): number {
  if (tookMs > LONG_MS) return Math.max(1, Math.floor(size / 2));
  return tookMs < SHORT_MS ? Math.min(MAX_BATCH, size * 2) : size;
}
