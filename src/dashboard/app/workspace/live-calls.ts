/**
 * The calls in progress. Frames change them at once and cheaply. Their viewers are told at most once per screen frame,
 * and only of the calls that have changed, so thousands of events a second cost only what the screen can show.
 */
import type { CallSummary } from '../../../calls/fold/call-view.js';
import { serverNow } from '../common/clock.js';
import { createStore } from '../common/store.js';
import { callIdOf, isErasure, tenantOf, type StreamFrame } from '../stream/frame.js';
import type { CallNaming } from './reach.js';
import { type LiveCall, listedCall, liveCallAfter } from './live-call.js';

/** How long an ended call stays in sight. */
const KEEP_ENDED_MS = 12_000;
/** How many finished and hidden calls are remembered: a late event must not open one again. */
const MAX_OVER = 1000;
/** An event of a call that began longer ago than this is late. */
const LATE_MS = 3000;
/** Rows need not change faster than they can be read. */
const TELL_EVERY_MS = 100;

type ListedSummary = CallSummary & { readonly tenant?: string | null };

export class LiveCalls {
  /** Keys, newest call first. */
  readonly ids = createStore<readonly string[]>([]);
  private readonly calls = new Map<string, LiveCall>();
  /** In the order in which they were left behind. */
  private readonly over = new Map<string, LiveCall>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly changed = new Set<string>();
  private isOrderStale = false;
  private toldAt = 0;
  private isTelling = false;
  private readonly sweep = setInterval(() => this.dropEnded(), 1000);

  /** `keyOf`: what tells calls apart. */
  constructor(private readonly keyOf: (call: CallNaming) => string) {}

  close(): void {
    clearInterval(this.sweep);
  }

  get(callId: string): LiveCall | undefined {
    return this.calls.get(callId);
  }

  subscribe(callId: string, listener: () => void): () => void {
    const listeners = this.listeners.get(callId) ?? new Set();
    this.listeners.set(callId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(callId);
    };
  }

  /** What the server says is in progress; other calls here have ended unseen. */
  load(summaries: readonly ListedSummary[], cursor: number): void {
    const now = performance.now();
    const listed = new Map(summaries.map((summary) => [this.keyOf(summary), listedCall(summary, cursor, now)]));
    for (const id of this.calls.keys()) if (!listed.has(id)) this.remove(id);
    for (const [id, call] of listed) this.put(id, this.calls.get(id) ?? call);
    this.tellSoon();
  }

  /** Removes calls that are not in a list complete up to `cursor`, unless an event of theirs has come since. */
  reconcile(summaries: readonly ListedSummary[], cursor: number): void {
    const listed = new Set(summaries.map((summary) => this.keyOf(summary)));
    // What is known to have ended goes by itself.
    for (const [id, { state, endedAtMs }] of this.calls)
      if (endedAtMs === null && !listed.has(id) && state.last.seq <= cursor) this.remove(id);
    this.tellSoon();
  }

  /** True if a call appeared that began a while ago: its end may have come before this page was open. */
  apply(frames: readonly StreamFrame[]): boolean {
    const now = performance.now();
    let isDoubtful = false;
    for (const frame of frames) {
      const callId = callIdOf(frame);
      if (callId === null) continue;
      const id = this.keyOf({ callId, tenant: tenantOf(frame) });
      const shown = this.calls.get(id);
      if (isErasure(frame)) {
        if (shown !== undefined) this.remove(id);
        this.over.delete(id);
        continue;
      }
      const call = liveCallAfter(shown ?? this.over.get(id), frame, now);
      if (call === undefined) continue;
      // Events come in any order: a start that comes after the end is the start of a call that is over.
      if (shown === undefined && call.endedAtMs !== null) this.leaveBehind(id, call);
      else {
        this.put(id, call);
        if (shown === undefined && Date.parse(call.summary.startedAt) < serverNow() - LATE_MS) isDoubtful = true;
      }
    }
    this.tellSoon();
    return isDoubtful;
  }

  private put(id: string, call: LiveCall): void {
    const known = this.calls.get(id);
    if (known === call) return;
    // The list's viewer also counts the calls in progress, and puts first those that need attention.
    const isOther =
      known?.summary.startedAt !== call.summary.startedAt ||
      known.endedAtMs !== call.endedAtMs ||
      known.hasFailedTool !== call.hasFailedTool ||
      known.summary.fired !== call.summary.fired ||
      known.summary.handoff?.state !== call.summary.handoff?.state;
    if (isOther) this.isOrderStale = true;
    this.calls.set(id, call);
    this.over.delete(id);
    this.changed.add(id);
  }

  private remove(id: string): void {
    this.calls.delete(id);
    this.changed.add(id);
    this.isOrderStale = true;
  }

  private dropEnded(): void {
    const before = performance.now() - KEEP_ENDED_MS;
    for (const [id, call] of this.calls) {
      if (call.endedAtMs === null || call.endedAtMs >= before) continue;
      this.remove(id);
      this.leaveBehind(id, call);
    }
    this.tellSoon();
  }

  private leaveBehind(id: string, call: LiveCall): void {
    this.over.delete(id);
    this.over.set(id, call);
    for (const oldest of this.over.keys()) {
      if (this.over.size <= MAX_OVER) break;
      this.over.delete(oldest);
    }
  }

  /** Hidden tabs draw no frames, so nobody is told until the tab is seen again. */
  private tellSoon(): void {
    if (this.isTelling || this.changed.size === 0) return;
    this.isTelling = true;
    const tell = (now: number) => {
      if (now - this.toldAt < TELL_EVERY_MS) requestAnimationFrame(tell);
      else this.tell(now);
    };
    requestAnimationFrame(tell);
  }

  private tell(now: number): void {
    this.isTelling = false;
    this.toldAt = now;
    if (this.isOrderStale) this.ids.set(this.inOrder());
    this.isOrderStale = false;
    const changed = [...this.changed];
    this.changed.clear();
    for (const id of changed) for (const listener of this.listeners.get(id) ?? []) listener();
  }

  private inOrder(): string[] {
    const calls = [...this.calls].map(([id, { summary }]) => ({ id, startedAt: summary.startedAt }));
    return calls.sort((one, other) => compare(other.startedAt, one.startedAt)).map(({ id }) => id);
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
