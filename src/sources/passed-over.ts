import { Logger } from '@nestjs/common';

/** The shortest time between two log lines about the same trouble of one source. */
const LOG_EVERY_MS = 10_000;

/** Logs what a source left out: at most one line in ten seconds, without content (docs/security-rules.md, rule 8). */
export class PassedOver {
  private readonly logger = new Logger('Source');
  private count = 0;
  private loggedAt = -Infinity;

  constructor(
    private readonly source: string,
    private readonly what: string,
  ) {}

  note(): void {
    this.count += 1;
    const now = performance.now();
    if (now - this.loggedAt < LOG_EVERY_MS) return;
    this.logger.warn(`${this.source}: passed over ${this.count} × ${this.what}`);
    this.count = 0;
    this.loggedAt = now;
  }
}
