/** A thousand logs lose one server together; that is one line, not a thousand. */
import { Logger } from '@nestjs/common';

/** Shortest time between two lines about the same trouble. */
const EVERY_MS = 10_000;

type Trouble = 'entry' | 'log' | 'cursor' | 'agents';

/** Warns at most once in ten seconds of each trouble, and says how many more there were. No line holds content (rule 8). */
export class SparseLog {
  private readonly logger = new Logger('CallLog');
  private readonly said = new Map<Trouble, { at: number; unsaid: number }>();

  constructor(private readonly source: string) {}

  warn(trouble: Trouble, text: string): void {
    const now = performance.now();
    const last = this.said.get(trouble);
    if (last && now - last.at < EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    const more = last && last.unsaid > 0 ? ` (and ${last.unsaid} like it since the last line)` : '';
    this.logger.warn(`${this.source}: ${text}${more}`);
    this.said.set(trouble, { at: now, unsaid: 0 });
  }
}
