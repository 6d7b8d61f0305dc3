/**
 * A tenant's calls in progress, each as its rules see it, up to one place of the log. A call that is not kept is made
 * anew from the log: after a restart, after the rules have changed, and when it was dropped because it was silent for
 * longer than others (call-room.ts).
 */
import type { CallId, TenantId } from '../common/ids.js';
import { eachInTurns } from '../common/turns.js';
import type { Run } from '../database/pg-pool.js';
import { eventsOfCalls } from '../events/log/call-history.js';
import type { LoggedEvent } from '../events/log/event.js';
import type { CallRoom } from './call-room.js';
import { CallWalk, needsData } from './call-walk.js';
import type { Firing } from './firing.js';
import type { RuleSet } from './rule-set.js';
import type { RuleEvent } from './signals.js';

/** Calls whose events are read together. */
const FOUND_AT_ONCE = 50;

/** A call with the time at which something is due in it, by `performance.now()`. */
export interface LiveCall {
  readonly callId: CallId;
  walk: CallWalk;
  /** What it takes of the memory, about. */
  bytes: number;
  /** The last known position of the call. */
  position: number;
  /** When its last event came. */
  seenAt: number;
  /** A moment of its own time at which something may fire if no event comes, and when that is. */
  lookAt: number;
  dueAt: number;
}

export class TenantCalls {
  /** In order of use: the first is the one of which nothing was heard for longest. */
  private readonly calls = new Map<CallId, LiveCall>();
  /** Calls whose events are being taken: they must not be dropped. */
  private pinned: ReadonlySet<CallId> = new Set();
  /** False: the calls were dropped, and what is planned for them no longer counts. */
  isCurrent = true;
  bytes = 0;

  constructor(
    readonly tenantId: TenantId,
    readonly rules: RuleSet,
    /** Everything up to this number of the tenant's has been taken in. */
    public reached: number,
    private readonly room: CallRoom,
    /** A call is no longer kept. */
    private readonly dropped: (call: LiveCall) => void,
  ) {}

  get(callId: CallId): LiveCall | undefined {
    return this.calls.get(callId);
  }

  /** True while this object is the one that is kept for the call. */
  keeps(call: LiveCall): boolean {
    return this.isCurrent && this.calls.get(call.callId) === call;
  }

  forget(callId: CallId): void {
    const call = this.calls.get(callId);
    if (call === undefined) return;
    this.calls.delete(callId);
    this.resize(-call.bytes);
    this.dropped(call);
  }

  /** None of them is kept any more. */
  close(): void {
    this.isCurrent = false;
    this.room.leave(this);
    for (const call of this.calls.values()) this.dropped(call);
    this.calls.clear();
  }

  dropOldest(toBytes: number): void {
    for (const callId of this.calls.keys()) {
      if (this.bytes <= toBytes) return;
      if (!this.pinned.has(callId)) this.forget(callId);
    }
  }

  /** The call goes on with another state. */
  advance(call: LiveCall, walk: CallWalk): void {
    call.walk = walk;
    this.keep(call);
  }

  /** While `work` runs, these calls are not dropped. Those that are not kept are made anew first. */
  async with<Value>(run: Run, callIds: readonly CallId[], work: () => Promise<Value>): Promise<Value> {
    this.pinned = new Set(callIds);
    try {
      await this.find(run, callIds);
      return await work();
    } finally {
      this.pinned = new Set();
    }
  }

  /** Makes those calls anew that are not kept, from their events in the log up to {@link reached}. */
  async find(run: Run, callIds: readonly CallId[]): Promise<void> {
    const missing = [...new Set(callIds)].filter((callId) => !this.calls.has(callId));
    for (let from = 0; from < missing.length; from += FOUND_AT_ONCE) {
      const some = new Map(missing.slice(from, from + FOUND_AT_ONCE).map((callId) => [callId, newCall(callId, this.rules)])); // prettier-ignore
      const isWanted = (callId: CallId) => some.get(callId)?.walk.isTooLong === false;
      for await (const page of eventsOfCalls(run, this.tenantId, [...some.keys()], this.reached, isWanted))
        await eachInTurns(page, (event) => {
          const call = event.callId === null ? undefined : some.get(event.callId);
          if (call !== undefined) step(call, event);
        });
      for (const call of some.values()) this.keep(call);
    }
  }

  /** What one more event makes fire. Call it within {@link with}. */
  take(event: LoggedEvent): readonly Firing[] {
    const { callId, seq } = event;
    if (callId === null || seq === null) return [];
    const call = this.calls.get(callId) ?? newCall(callId, this.rules);
    const firings = step(call, event);
    this.keep(call);
    return firings.filter(({ rule, by }) => by > rule.since);
  }

  /** It was heard of last. */
  private keep(call: LiveCall): void {
    if (!this.isCurrent) return;
    const before = this.calls.get(call.callId) === call ? call.bytes : 0;
    this.calls.delete(call.callId);
    this.calls.set(call.callId, call);
    call.bytes = call.walk.bytes;
    this.resize(call.bytes - before);
  }

  private resize(by: number): void {
    this.bytes += by;
    this.room.change(this, by);
  }
}

function step(call: LiveCall, event: LoggedEvent): readonly Firing[] {
  call.position = event.position;
  return walked(call.walk, event);
}

function newCall(callId: CallId, rules: RuleSet): LiveCall {
  return { callId, walk: new CallWalk(rules), bytes: 0, position: 0, seenAt: 0, lookAt: 0, dueAt: Infinity };
}

/**
 * An event of the log as a step of the walk. An event that cannot be understood is no step, in live evaluation and in
 * backtests alike.
 */
export function walked(walk: CallWalk, event: LoggedEvent): readonly Firing[] {
  const { seq, type, agent, at } = event;
  const data = needsData(type) ? dataOf(event) : {};
  return walk.apply({ seq: seq ?? 0, type, agent, at, data });
}

function dataOf({ data }: LoggedEvent): RuleEvent['data'] {
  try {
    return JSON.parse(data) as RuleEvent['data'];
  } catch {
    return {}; // Ingest parses all data, so only an old log has such an event.
  }
}
