/** A thousand logs lose one server together; that is one line, not a thousand. */
import { Logger } from '@nestjs/common';

/** Shortest time between two lines about the same trouble. */
const EVERY_MS = 10_000;

/** Warns at most once in ten seconds, and says how many more there were. No line holds content (security rule 8). */
export class SparseLog {
  private readonly logger = new Logger('CallLog');
  private unsaid = 0;
  private saidAt = -Infinity;

  constructor(private readonly source: string) {}

  warn(text: string): void {
    const now = performance.now();
    if (now - this.saidAt < EVERY_MS) {
      this.unsaid += 1;
      return;
    }
    const more = this.unsaid > 0 ? ` (and ${this.unsaid} like it since the last line)` : '';
    this.logger.warn(`${this.source}: ${text}${more}`);
    this.unsaid = 0;
    this.saidAt = now;
  }
}
