/** Live events that come in while a reader is served from the log. */
import type { Delivery } from './delivery.js';

/** How many may wait, and UTF-16 units of their data (security rule 16). */
const MAX_QUEUED = 1000;
const MAX_QUEUED_LENGTH = 64 * 1024;

export class StreamQueue {
  readonly deliveries: Delivery[] = [];
  private events = 0;
  private length = 0;

  /** False when there is no room; for one there always is. */
  push(delivery: Delivery): boolean {
    const isFull =
      this.events + delivery.events.length > MAX_QUEUED || this.length + delivery.length > MAX_QUEUED_LENGTH;
    if (isFull && this.deliveries.length > 0) return false;
    this.events += delivery.events.length;
    this.length += delivery.length;
    return this.deliveries.push(delivery) > 0;
  }
}
