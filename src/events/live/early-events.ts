/**
 * Ephemeral events that reached this process sooner than the durable events that stand before them in the log. They
 * wait for those events, because nothing may overtake. The number that waits is bounded, also for each tenant. Events
 * that do not fit are dropped, as ephemeral events may be.
 */
import { ephemeralDropped } from '../../common/metrics.js';
import { SharedRoom } from '../../common/shared-room.js';
import type { LoggedEvent } from '../log/event.js';

/**
 * UTF-16 units of data. The events wait for milliseconds, until other processes' messages arrive. They wait longer only
 * while the database is slow.
 */
const MAX_LENGTH = 8 * 1024 * 1024;
const MAX_LENGTH_OF_TENANT = 1024 * 1024;

export class EarlyEvents {
  /** Ordered by position. Events with the same position are in the order in which they came. */
  private events: LoggedEvent[] = [];
  private readonly room = new SharedRoom({ all: MAX_LENGTH, each: MAX_LENGTH_OF_TENANT });

  add(event: LoggedEvent): void {
    if (!this.room.take(event.tenantId, event.data.length)) {
      ephemeralDropped.inc({ reason: 'no-room' });
      return;
    }
    const before = this.events.findLastIndex(({ position }) => position <= event.position);
    this.events.splice(before + 1, 0, event);
  }

  /** Takes out, in order, the events that came in when the log's last position was this one or an earlier one. */
  takeUntil(position: number): readonly LoggedEvent[] {
    if (this.events[0] === undefined || this.events[0].position > position) return [];
    const end = this.events.findIndex((event) => event.position > position);
    const taken = this.events.splice(0, end < 0 ? this.events.length : end);
    for (const { tenantId, data } of taken) this.room.give(tenantId, data.length);
    return taken;
  }
}
