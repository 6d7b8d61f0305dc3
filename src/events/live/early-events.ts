/**
 * Ephemeral events that have reached this process before what the log holds in front of them: they wait for it, since nothing
 * overtakes. Bounded, also a tenant: what does not fit is dropped, as an ephemeral event may be.
 */
import { ephemeralDropped } from '../../common/metrics.js';
import { SharedRoom } from '../../common/shared-room.js';
import type { LoggedEvent } from '../log/event.js';

/** UTF-16 units of data. They wait for milliseconds while word gets about, for longer only while the database is slow. */
const MAX_LENGTH = 8 * 1024 * 1024;
const MAX_LENGTH_OF_TENANT = 1024 * 1024;

export class EarlyEvents {
  /** By position; those of the same position in the order in which they came. */
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

  /** Takes out, in order, what came in when the log's last position was this one or an earlier one. */
  takeUntil(position: number): readonly LoggedEvent[] {
    if (this.events[0] === undefined || this.events[0].position > position) return [];
    const end = this.events.findIndex((event) => event.position > position);
    const taken = this.events.splice(0, end < 0 ? this.events.length : end);
    for (const { tenantId, data } of taken) this.room.give(tenantId, data.length);
    return taken;
  }
}
