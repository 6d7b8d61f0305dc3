/**
 * Whether events come in these moments, on whichever process: then who looks through much of the database gives way.
 */
import { Injectable } from '@nestjs/common';

/** After so long without an event nobody waits for the database whom a look through the log could hold up. */
const CALM_AFTER_MS = 1000;

@Injectable()
export class Traffic {
  private lastAt = -Infinity;

  /** The tail has heard of some. */
  eventsCame(): void {
    this.lastAt = performance.now();
  }

  get isBusy(): boolean {
    return performance.now() - this.lastAt < CALM_AFTER_MS;
  }
}
