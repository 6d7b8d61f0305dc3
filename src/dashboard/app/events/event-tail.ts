/**
 * The newest events of the stream. Both what is kept and how often its viewer is told are bounded, so thousands of
 * events a second cost only what a person can read.
 */
import { createStore } from '../common/store.js';
import { type StreamFrame, atOf, callIdOf, tenantOf } from '../stream/frame.js';
import { type EventFilter, EVERYTHING, type ShownEvent, passes } from './event-filter.js';

export interface Shown {
  /** Newest first. */
  readonly events: readonly ShownEvent[];
  /** How many have matched since the list was held. */
  readonly waiting: number;
  /** How many have come since the page was opened, matching or not. */
  readonly received: number;
}

/** Of all events, and again of those that match: a rare event stays while others flood. */
export const MAX_KEPT = 1000;
const TELL_EVERY_MS = 200;

export class EventTail {
  readonly shown = createStore<Shown>({ events: [], waiting: 0, received: 0 });
  /** Oldest first. */
  private recent: ShownEvent[] = [];
  private matching: ShownEvent[] = [];
  private filter = EVERYTHING;
  private isHeld = false;
  private waiting = 0;
  private received = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** What has come lately, matching or not, oldest first. */
  get recentEvents(): readonly ShownEvent[] {
    return this.recent;
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  take(frames: readonly StreamFrame[]): void {
    for (const frame of frames) {
      this.received += 1;
      const event = eventOf(frame, String(this.received));
      this.recent.push(event);
      if (!passes(this.filter, event)) continue;
      this.matching.push(event);
      if (this.isHeld) this.waiting += 1;
    }
    this.recent = newest(this.recent);
    this.matching = newest(this.matching);
    this.timer ??= setTimeout(() => this.tell(), TELL_EVERY_MS);
  }

  narrow(filter: EventFilter): void {
    this.filter = filter;
    this.matching = this.recent.filter((event) => passes(filter, event));
    this.waiting = 0;
    this.tell(true);
  }

  /** Held, the list stands as it is, and what comes is counted. */
  hold(isHeld: boolean): void {
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    this.waiting = 0;
    if (!isHeld) this.tell();
  }

  /** Brings what has come meanwhile, and goes on holding. */
  catchUp(): void {
    this.waiting = 0;
    this.tell(true);
  }

  clear(): void {
    this.recent = [];
    this.matching = [];
    this.catchUp();
  }

  private tell(isAsked = false): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting, received } = this;
    const events = this.isHeld && !isAsked ? this.shown.get().events : this.matching.slice(-MAX_KEPT).reverse();
    this.shown.set({ events, waiting, received });
  }
}

function eventOf(frame: StreamFrame, key: string): ShownEvent {
  const { seq, type, data } = frame;
  const agent = typeof data['agent'] === 'string' ? data['agent'] : null;
  return { key, seq, type, agent, callId: callIdOf(frame), tenant: tenantOf(frame), at: atOf(frame), data };
}

/** Cut only now and then: cutting costs as much as it keeps. */
function newest(events: ShownEvent[]): ShownEvent[] {
  return events.length > 2 * MAX_KEPT ? events.slice(-MAX_KEPT) : events;
}
