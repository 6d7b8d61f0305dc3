/**
 * Proves that nothing was missed. A tenant's numbers have no holes, so a jump means that an event did not come (a type
 * without a listener, a lost message between tabs); the log has it. Repeats are dropped. If there is no log to read, a
 * hole is passed over.
 */
import type { Client } from '../api/client.js';
import type { StreamFrame } from './frame.js';

interface LogPage {
  readonly events: readonly { readonly id: string; readonly type: string; readonly data: StreamFrame['data'] }[];
  readonly next: string;
  readonly live: boolean;
}

/**
 * Where missing events are found: in the log at this path, or nowhere; then only the newest number can be asked for.
 */
export type Source =
  { readonly log: string } | { readonly log?: never; readonly newest: (signal: AbortSignal) => Promise<number> };

const PAGE = 1000;
const RETRY_MS = 2000;

export class Continuity {
  private waiting: StreamFrame[] | undefined;
  private closed = false;

  constructor(
    private readonly client: Client,
    private readonly source: Source,
    /** Everything up to here has been passed on. */
    public cursor: number,
    private readonly onFrames: (frames: readonly StreamFrame[]) => void,
  ) {}

  close(): void {
    this.closed = true;
  }

  receive(frames: readonly StreamFrame[]): void {
    if (this.waiting) {
      this.waiting.push(...frames);
      return;
    }
    const passed: StreamFrame[] = [];
    for (const [index, frame] of frames.entries()) {
      if (this.source.log !== undefined && frame.seq !== null && frame.seq > this.cursor + 1) {
        if (passed.length > 0) this.onFrames(passed);
        this.waiting = frames.slice(index);
        void this.fill(this.source.log, frame.seq - 1);
        return;
      }
      if (frame.seq !== null && frame.seq <= this.cursor) continue;
      this.cursor = frame.seq ?? this.cursor;
      passed.push(frame);
    }
    if (passed.length > 0) this.onFrames(passed);
  }

  /** Whether there is an event that has not come. Rejects with a Fault. */
  async isBehind(signal: AbortSignal): Promise<boolean> {
    const { source } = this;
    if (source.log === undefined) return (await source.newest(signal)) > this.cursor;
    const { events } = await this.client.get<LogPage>(source.log, { after: this.cursor, limit: 1 }, signal);
    return events.some(({ id }) => Number(id) > this.cursor);
  }

  /** Another tab has got further than this reader. */
  catchUp(cursor: number): void {
    if (this.source.log === undefined || this.waiting !== undefined || cursor <= this.cursor) return;
    this.waiting = [];
    void this.fill(this.source.log, cursor);
  }

  /** Reads the log up to a number, then goes on with the frames that arrived meanwhile. */
  private async fill(log: string, until: number): Promise<void> {
    while (this.cursor < until && !this.closed) {
      try {
        const page = await this.client.get<LogPage>(log, { after: this.cursor, limit: PAGE });
        const frames = page.events.map(({ id, type, data }) => ({ seq: Number(id), type, data }));
        this.onFrames(frames);
        // Events that the log no longer has cannot be delivered.
        this.cursor = page.live ? Math.max(until, Number(page.next)) : Number(page.next);
      } catch {
        // The server is away, or this reader is refused: the feed notices and reports it; here it is only tried again.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    if (!this.closed) this.receive(waiting);
  }
}
