/**
 * When something is due in which call. It is checked ten times a second, so that a call whose time moves on with every
 * word costs nothing.
 */
import type { TenantCalls, LiveCall } from './tenant-calls.js';

/** How exact a moment is. */
export const TICK_MS = 100;

interface Entry {
  readonly calls: TenantCalls;
  readonly call: LiveCall;
}

export class DueCalls {
  private readonly ticks = new Map<number, Map<LiveCall, Entry>>();
  private readonly planned = new Map<LiveCall, number>();
  private next = tickOf(performance.now());

  /**
   * Call it after `call.dueAt` was set. If an earlier look is planned, the call is looked at then, and planned anew.
   */
  plan(calls: TenantCalls, call: LiveCall): void {
    if (call.dueAt === Infinity) return;
    const tick = Math.max(this.next, tickOf(call.dueAt));
    const known = this.planned.get(call);
    if (known !== undefined && known <= tick) return;
    if (known !== undefined) this.ticks.get(known)?.delete(call);
    const entries = this.ticks.get(tick) ?? new Map<LiveCall, Entry>();
    entries.set(call, { calls, call });
    this.ticks.set(tick, entries);
    this.planned.set(call, tick);
  }

  /** The call is no longer kept. */
  forget(call: LiveCall): void {
    const tick = this.planned.get(call);
    if (tick === undefined) return;
    this.ticks.get(tick)?.delete(call);
    this.planned.delete(call);
  }

  /** The entries that are due now. */
  take(now: number): Entry[] {
    const [due, later]: [Entry[], Entry[]] = [[], []];
    for (const last = tickOf(now) - 1; this.next <= last; this.next += 1) {
      const entries = this.ticks.get(this.next);
      this.ticks.delete(this.next);
      for (const entry of entries?.values() ?? []) {
        this.planned.delete(entry.call);
        // Its time has moved on since, or it is no longer kept.
        if (!entry.calls.keeps(entry.call)) continue;
        if (entry.call.dueAt <= now) due.push(entry);
        else later.push(entry);
      }
    }
    for (const { calls, call } of later) this.plan(calls, call);
    return due;
  }
}

function tickOf(ms: number): number {
  return Math.floor(ms / TICK_MS);
}
