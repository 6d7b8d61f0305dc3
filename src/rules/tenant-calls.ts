/**
 * A tenant's calls in progress, each as its rules see it, up to one place of the log. A call that is not kept is made
 * anew from the log: after a restart, after the rules have changed, and when it was dropped because it was silent for
 * longer than others.
 */
import { LRUCache } from 'lru-cache';
import type { CallId, TenantId } from '../common/ids.js';
import { eachInTurns } from '../common/turns.js';
import type { Run } from '../database/pg-pool.js';
import { eventsOfCalls } from '../events/log/call-history.js';
import type { LoggedEvent } from '../events/log/event.js';
import { CallWalk, needsData } from './call-walk.js';
import type { Firing } from './firing.js';
import type { RuleSet } from './rule-set.js';
import type { RuleEvent } from './signals.js';

/** Calls that are kept. If an event of a dropped call comes, the call is made anew. */
const MAX_CALLS = 10_000;

/** Calls whose events are read together. */
const FOUND_AT_ONCE = 50;

/** A call with the time at which something is due in it, by `performance.now()`. */
export interface LiveCall {
  readonly callId: CallId;
  walk: CallWalk;
  /** The last known position of the call. */
  position: number;
  /** When its last event came. */
  seenAt: number;
  /** A moment of its own time at which something may fire if no event comes, and when that is. */
  lookAt: number;
  dueAt: number;
}

export class TenantCalls {
  private readonly calls: LRUCache<CallId, LiveCall>;
  /** False: the call was dropped, and what is planned for it no longer counts. */
  isCurrent = true;

  constructor(
    readonly tenantId: TenantId,
    readonly rules: RuleSet,
    /** Everything up to this number of the tenant's has been taken in. */
    public reached: number,
  ) {
    this.calls = new LRUCache({ max: MAX_CALLS });
  }

  get(callId: CallId): LiveCall | undefined {
    return this.calls.peek(callId);
  }

  /** True while this object is the one that is kept for the call. */
  keeps(call: LiveCall): boolean {
    return this.isCurrent && this.calls.peek(call.callId) === call;
  }

  forget(callId: CallId): void {
    this.calls.delete(callId);
  }

  /** Makes those calls anew that are not kept, from their events in the log up to {@link reached}. */
  async find(run: Run, callIds: readonly CallId[]): Promise<void> {
    const missing = [...new Set(callIds)].filter((callId) => !this.calls.has(callId));
    for (const callId of missing) this.calls.set(callId, newCall(callId, this.rules));
    for (let from = 0; from < missing.length; from += FOUND_AT_ONCE)
      for await (const page of eventsOfCalls(
        run,
        this.tenantId,
        missing.slice(from, from + FOUND_AT_ONCE),
        this.reached,
        (callId) => this.calls.peek(callId)?.walk.isTooLong === false,
      ))
        await eachInTurns(page, (event) => void (event.callId !== null && this.walk(event, event.callId)));
  }

  /** What one more event makes fire. Call it after {@link find}. */
  take(event: LoggedEvent): readonly Firing[] {
    const { callId, seq } = event;
    if (callId === null || seq === null) return [];
    return this.walk(event, callId).filter(({ rule, by }) => by > rule.since);
  }

  private walk(event: LoggedEvent, callId: CallId): readonly Firing[] {
    const call = this.calls.get(callId) ?? newCall(callId, this.rules);
    this.calls.set(callId, call);
    call.position = event.position;
    return walked(call.walk, event);
  }
}

function newCall(callId: CallId, rules: RuleSet): LiveCall {
  return { callId, walk: new CallWalk(rules), position: 0, seenAt: 0, lookAt: 0, dueAt: Infinity };
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
