/**
 * Whether events are coming in just now, on whichever process. If so, work that looks through much of the database
 * gives way.
 */
import { Injectable } from '@nestjs/common';

/** After this time without an event, a look through the log delays nobody. */
const CALM_AFTER_MS = 1000;

@Injectable()
export class Traffic {
  private lastAt = -Infinity;

  /** The tail has seen some. */
  eventsCame(): void {
    this.lastAt = performance.now();
  }

  get isBusy(): boolean {
    return performance.now() - this.lastAt < CALM_AFTER_MS;
  }
}
