/** Keeps the log short: if a thousand logs lose one server together, that is one line and not a thousand. */
import { Logger } from '@nestjs/common';

/** The shortest time between two lines about the same trouble. */
const EVERY_MS = 10_000;

/** Logs each trouble at most once in ten seconds, and how often it happened since. No line holds content (rule 8). */
export class SparseLog {
  private readonly logger: Logger;
  /** By trouble: a handful, named in the code. */
  private readonly said = new Map<string, { at: number; unsaid: number }>();

  /** `subject`: what all the lines are about. */
  constructor(
    name: string,
    private readonly subject?: string,
  ) {
    this.logger = new Logger(name);
  }

  warn(trouble: string, text: string): void {
    this.say(trouble, (line) => this.logger.warn(this.subject === undefined ? line : `${this.subject}: ${line}`), text);
  }

  error(trouble: string, text: string, stack?: string): void {
    this.say(trouble, (line) => this.logger.error(line, stack), text);
  }

  private say(trouble: string, write: (line: string) => void, text: string): void {
    const now = performance.now();
    const last = this.said.get(trouble);
    if (last && now - last.at < EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    write(last && last.unsaid > 0 ? `${text} (and ${last.unsaid} like it since the last line)` : text);
    this.said.set(trouble, { at: now, unsaid: 0 });
  }
}
