/**
 * Live rules: for each tenant a durable reader walks through its log and appends what fires to that log. The identity
 * of an appended event is the rule and its cause. So a process that is killed in between and says it again stores
 * nothing twice. `rule.fired` is in the log before the reader moves on. What waits for time is appended by a timer,
 * only if no further event of the call has come (append_events_if_still).
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import { rulesEvaluated } from '../common/metrics.js';
import { eachInTurns } from '../common/turns.js';
import { Interval } from '../common/waiting.js';
import type { Run } from '../database/pg-pool.js';
import { ReaderPool } from '../database/pools.js';
import { openCalls } from '../events/log/call-history.js';
import { CALL_ERASED, type LoggedEvent } from '../events/log/event.js';
import { LogReaders } from '../readers/log-readers.js';
import type { ReaderKind, ReaderPage, Taken } from '../readers/reader-kind.js';
import { CallRoom } from './call-room.js';
import { DueCalls, TICK_MS } from './due-calls.js';
import { GRACE_MS } from './quiet.js';
import type { RuleSet } from './rule-set.js';
import { RuleSets } from './rule-sets.js';
import { MAX_SAID, type Saying, Sayings } from './sayings.js';
import { type LiveCall, TenantCalls } from './tenant-calls.js';

export const RULES = 'rules';
/** If a tenant's rules fire more often than this in a second, its reader rests; no other tenant waits. */
const SAID_PER_SECOND = 500;
/** When to try again after an append failed. */
const RETRY_MS = 500;
/** A page that takes longer costs its tenant a rest, because all tenants share the event loop. */
const [LONG_PAGE_MS, REST_FACTOR, MAX_REST_MS] = [20, 3, 1000];

@Injectable()
export class LiveRules implements ReaderKind<never>, OnApplicationBootstrap, OnModuleDestroy {
  readonly kind = RULES;
  private readonly logger = new Logger('Rules');
  private readonly tenants = new Map<TenantId, TenantCalls>();
  /** Work for the same tenant runs one after the other. */
  private readonly turns = new Map<TenantId, Promise<unknown>>();
  private readonly due = new DueCalls();
  private readonly room = new CallRoom();
  private readonly ticking = new Interval(TICK_MS, () => this.tick());
  private readonly run: Run = (text, values) => this.pool.query(text, values);

  constructor(
    private readonly readers: LogReaders,
    private readonly sets: RuleSets,
    private readonly pool: ReaderPool,
    private readonly sayings: Sayings,
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
      const calls = this.begin(tenantId, rules, known?.reached ?? cursor);
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
    const calls = goesOn ? known : this.begin(tenantId, rules, after);
    if (!goesOn && rules.isTimed) await this.findOpen(calls);
    const begunAt = performance.now();
    const sayings = await this.walk(calls, events);
    const tookMs = performance.now() - begunAt;
    if (until.aborted || (await this.say(tenantId, sayings)) === undefined) {
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
    const sayings: Saying[] = [];
    const take = (event: LoggedEvent) => {
      const { callId } = event;
      if (event.type === CALL_ERASED) forgetErased(calls, event);
      if (callId === null) return;
      for (const firing of calls.take(event)) sayings.push({ callId, firing });
      const call = calls.get(callId);
      if (call !== undefined) this.plan(calls, call, 0);
    };
    const callIds = events.flatMap(({ callId }) => callId ?? []);
    await calls.with(this.run, callIds, () => eachInTurns(events, take));
    rulesEvaluated.inc(events.length);
    return sayings;
  }

  /** The calls that have had a further event. Undefined: the append failed, and the calls must be found again. */
  private async say(tenantId: TenantId, sayings: readonly Saying[]): Promise<ReadonlySet<CallId> | undefined> {
    try {
      return await this.sayings.append(tenantId, sayings);
    } catch (error) {
      this.logger.warn(`says what fired later: ${(error as Error).message}`);
      return undefined;
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

  /** Many calls may be due at once. A tenant's are said together. */
  private tick(): void {
    const due = new Map<TenantCalls, LiveCall[]>();
    for (const { calls, call } of this.due.take(performance.now())) {
      const some = due.get(calls) ?? [];
      some.push(call);
      due.set(calls, some);
    }
    for (const [calls, some] of due)
      void this.inTurn(calls.tenantId, () => this.fireAll(calls, some)).catch((error: Error) => {
        this.logger.warn(`looks at a silence later: ${error.message}`);
        this.drop(calls);
      });
  }

  private async fireAll(calls: TenantCalls, due: readonly LiveCall[]): Promise<void> {
    for (let from = 0; from < due.length; from += MAX_SAID) await this.fire(calls, due.slice(from, from + MAX_SAID));
  }

  /** If nothing fires, nothing has happened: the log does not say that time has passed, and late events still count. */
  private async fire(calls: TenantCalls, some: readonly LiveCall[]): Promise<void> {
    const { tenantId, rules } = calls;
    // An event has come meanwhile, or another process reads for the tenant.
    const due = some.filter((call) => calls.keeps(call) && call.dueAt <= performance.now());
    if (due.length === 0) return;
    if (this.readers.signalFor(tenantId) === undefined || rules !== (await this.sets.of(tenantId)))
      return this.drop(calls);
    const sayings: Saying[] = [];
    const looks = due.map((call) => {
      const ahead = call.walk.clone();
      const firings = ahead.advance(call.lookAt);
      for (const firing of firings) sayings.push({ callId: call.callId, firing, unlessAfter: call.position });
      return { call, ahead, hasFired: firings.length > 0 };
    });
    const refused = await this.say(tenantId, sayings);
    if (refused === undefined) return this.drop(calls);
    for (const { call, ahead, hasFired } of looks) {
      if (refused.has(call.callId)) calls.forget(call.callId);
      if (!calls.keeps(call)) continue;
      if (hasFired) calls.advance(call, ahead);
      this.planAt(calls, call, ahead.dueAt);
    }
  }

  private begin(tenantId: TenantId, rules: RuleSet, reached: number): TenantCalls {
    this.drop(this.tenants.get(tenantId));
    const calls = new TenantCalls(tenantId, rules, reached, this.room, (call) => this.due.forget(call));
    this.tenants.set(tenantId, calls);
    return calls;
  }

  private drop(calls: TenantCalls | undefined): void {
    if (calls === undefined) return;
    calls.close();
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
