/**
 * Live rules: for each tenant a durable reader walks through its log and appends what fires to that log. The identity
 * of an appended event is the rule and its cause. So a process that is killed in between and says it again stores
 * nothing twice. `rule.fired` is in the log before the reader moves on. What waits for time is appended by a timer,
 * only if no further event of the call has come (append_events_if_still).
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import { rulesEvaluated, rulesFired } from '../common/metrics.js';
import { eachInTurns } from '../common/turns.js';
import { Interval } from '../common/waiting.js';
import type { Run } from '../database/pg-pool.js';
import { ReaderPool } from '../database/pools.js';
import { openCalls } from '../events/log/call-history.js';
import { CALL_ERASED, type LoggedEvent } from '../events/log/event.js';
import { IngestService } from '../events/live/ingest.service.js';
import { LogReaders } from '../readers/log-readers.js';
import type { ReaderKind, ReaderPage, Taken } from '../readers/reader-kind.js';
import { DueCalls, GRACE_MS, TICK_MS } from './due-calls.js';
import { type Firing, firedEvent } from './firing.js';
import { RuleSets } from './rule-sets.js';
import { type LiveCall, TenantCalls } from './tenant-calls.js';

export const RULES = 'rules';
/** Events in one append. Only this many of a tenant's are under way at a time. */
const MAX_SAID = 200;
/** If a tenant's rules fire more often than this in a second, its reader rests; no other tenant waits. */
const SAID_PER_SECOND = 500;
/** When to try again after an append failed. */
const RETRY_MS = 500;
/** A page that takes longer costs its tenant a rest, because all tenants share the event loop. */
const [LONG_PAGE_MS, REST_FACTOR, MAX_REST_MS] = [20, 3, 1000];

interface Saying {
  readonly callId: CallId;
  readonly firing: Firing;
}

@Injectable()
export class LiveRules implements ReaderKind<never>, OnApplicationBootstrap, OnModuleDestroy {
  readonly kind = RULES;
  private readonly logger = new Logger('Rules');
  private readonly tenants = new Map<TenantId, TenantCalls>();
  /** Work for the same tenant runs one after the other. */
  private readonly turns = new Map<TenantId, Promise<unknown>>();
  private readonly due = new DueCalls();
  private readonly ticking = new Interval(TICK_MS, () => this.tick());
  private readonly run: Run = (text, values) => this.pool.query(text, values);

  constructor(
    private readonly readers: LogReaders,
    private readonly sets: RuleSets,
    private readonly pool: ReaderPool,
    private readonly ingest: IngestService,
  ) {
    readers.register(this);
  }

  onApplicationBootstrap(): void {
    this.ticking.start();
  }

  onModuleDestroy(): void {
    this.ticking.stop();
  }

  take(page: ReaderPage): Promise<Taken<never>> {
    return this.inTurn(page.tenantId, () => this.takePage(page));
  }

  write(): Promise<void> {
    return Promise.resolve(); // Everything is in the log already.
  }

  has(tenantId: TenantId): boolean {
    return this.tenants.has(tenantId);
  }

  /** Finds the calls in progress, up to the place of the tenant's reader. Their silences go on where they were. */
  watch(tenantId: TenantId, cursor: number): Promise<void> {
    return this.inTurn(tenantId, async () => {
      const rules = await this.sets.of(tenantId);
      const known = this.tenants.get(tenantId);
      if (known !== undefined && known.rules === rules) return;
      const calls = this.begin(tenantId, new TenantCalls(tenantId, rules, known?.reached ?? cursor));
      await this.findOpen(calls);
    });
  }

  /** Another process reads for the tenant, or none does. */
  leave(tenantId: TenantId): void {
    this.drop(this.tenants.get(tenantId));
  }

  /** The tenants whose rules wait for time. */
  get watched(): readonly TenantId[] {
    return [...this.tenants.values()].filter(({ rules }) => rules.isTimed).map(({ tenantId }) => tenantId);
  }

  private async takePage(page: ReaderPage): Promise<Taken<never>> {
    const { tenantId, events, after, reached, until } = page;
    const rules = await this.sets.of(tenantId);
    const known = this.tenants.get(tenantId);
    const goesOn = known?.reached === after && known.rules === rules && page.gap === undefined;
    const calls = goesOn ? known : this.begin(tenantId, new TenantCalls(tenantId, rules, after));
    if (!goesOn && rules.isTimed) await this.findOpen(calls);
    const begunAt = performance.now();
    const sayings = await this.walk(calls, events);
    const tookMs = performance.now() - begunAt;
    if (until.aborted || (await this.say(tenantId, sayings)) !== 'said') {
      this.drop(calls);
      return { effect: undefined, reached: after, restMs: RETRY_MS };
    }
    calls.reached = reached;
    const restMs = Math.max(
      sayings.length > MAX_SAID ? (sayings.length / SAID_PER_SECOND) * 1000 : 0,
      tookMs > LONG_PAGE_MS ? Math.min(MAX_REST_MS, tookMs * REST_FACTOR) : 0,
    );
    return { effect: undefined, reached, ...(restMs > 0 && { restMs }) };
  }

  private async walk(calls: TenantCalls, events: readonly LoggedEvent[]): Promise<Saying[]> {
    if (calls.rules.rules.length === 0) return [];
    await calls.find(
      this.run,
      events.flatMap(({ callId }) => callId ?? []),
    );
    const sayings: Saying[] = [];
    await eachInTurns(events, (event) => {
      const { callId } = event;
      if (event.type === CALL_ERASED) forgetErased(calls, event);
      if (callId === null) return;
      for (const firing of calls.take(event)) sayings.push({ callId, firing });
      const call = calls.get(callId);
      if (call !== undefined) this.plan(calls, call, 0);
    });
    rulesEvaluated.inc(events.length);
    return sayings;
  }

  /** `refused`: the call has had a further event that was not known. `failed`: the calls must be found again. */
  private async say(
    tenantId: TenantId,
    sayings: readonly Saying[],
    unlessAfter?: number,
  ): Promise<'said' | 'refused' | 'failed'> {
    try {
      for (let from = 0; from < sayings.length; from += MAX_SAID) {
        const some = sayings.slice(from, from + MAX_SAID);
        const events = some.map(({ callId, firing }) => firedEvent(callId, firing, unlessAfter));
        const appended = await this.ingest.submit(events, tenantId);
        for (const { outcome } of appended) rulesFired.inc({ outcome });
        if (unlessAfter !== undefined && appended.some(({ outcome }) => outcome === 'refused')) return 'refused';
      }
      return 'said';
    } catch (error) {
      this.logger.warn(`says what fired later: ${(error as Error).message}`);
      return 'failed';
    }
  }

  private async findOpen(calls: TenantCalls): Promise<void> {
    const open = calls.rules.isTimed ? await openCalls(this.run, calls.tenantId) : [];
    await calls.find(this.run, open.map(({ callId }) => callId)); // prettier-ignore
    for (const { callId, ageMs } of open) {
      const call = calls.get(callId);
      if (call !== undefined) this.plan(calls, call, ageMs);
    }
  }

  /**
   * `ageMs`: time since the call's last event came in. The rest of a silence passes by our clock, whatever the sender's
   * clock says.
   */
  private plan(calls: TenantCalls, call: LiveCall, ageMs: number): void {
    call.seenAt = performance.now() - ageMs;
    this.planAt(calls, call, call.walk.dueAt);
  }

  private planAt(calls: TenantCalls, call: LiveCall, lookAt: number | undefined): void {
    call.lookAt = lookAt ?? 0;
    call.dueAt = lookAt === undefined ? Infinity : call.seenAt + (lookAt - call.walk.heardAt) + GRACE_MS;
    this.due.plan(calls, call);
  }

  private tick(): void {
    for (const { calls, call } of this.due.take(performance.now()))
      void this.inTurn(calls.tenantId, () => this.fire(calls, call)).catch((error: Error) => {
        this.logger.warn(`looks at a silence later: ${error.message}`);
        this.drop(calls);
      });
  }

  /** If nothing fires, nothing has happened: the log does not say that time has passed, and late events still count. */
  private async fire(calls: TenantCalls, call: LiveCall): Promise<void> {
    const { tenantId } = calls;
    // An event has come meanwhile, or another process reads for the tenant.
    if (!calls.keeps(call) || call.dueAt > performance.now()) return;
    if (this.readers.signalFor(tenantId) === undefined || calls.rules !== (await this.sets.of(tenantId)))
      return this.drop(calls);
    const ahead = call.walk.clone();
    const sayings = ahead.advance(call.lookAt).map((firing) => ({ callId: call.callId, firing }));
    if (sayings.length === 0) return this.planAt(calls, call, ahead.dueAt);
    const outcome = await this.say(tenantId, sayings, call.position);
    if (outcome === 'refused') return calls.forget(call.callId);
    if (outcome === 'failed') return this.drop(calls);
    call.walk = ahead;
    this.planAt(calls, call, ahead.dueAt);
  }

  private begin(tenantId: TenantId, calls: TenantCalls): TenantCalls {
    this.drop(this.tenants.get(tenantId));
    this.tenants.set(tenantId, calls);
    return calls;
  }

  private drop(calls: TenantCalls | undefined): void {
    if (calls === undefined) return;
    calls.isCurrent = false;
    if (this.tenants.get(calls.tenantId) === calls) this.tenants.delete(calls.tenantId);
  }

  private async inTurn<Value>(tenantId: TenantId, work: () => Promise<Value>): Promise<Value> {
    const before = this.turns.get(tenantId) ?? Promise.resolve();
    const own = before.then(work, work);
    const settled = own.catch(() => undefined);
    this.turns.set(tenantId, settled);
    void settled.then(() => {
      if (this.turns.get(tenantId) === settled) this.turns.delete(tenantId);
    });
    return own;
  }
}

function forgetErased(calls: TenantCalls, { data }: LoggedEvent): void {
  const { callId } = JSON.parse(data) as { callId?: CallId };
  if (callId !== undefined) calls.forget(callId);
}
