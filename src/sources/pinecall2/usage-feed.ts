/**
 * The meter's rows: one for each summary and each score of a call, with one cursor over all logs. They tell of
 * what was appended to a log that nobody follows any more. They do not name their world, so they begin no call.
 */
import { z } from 'zod';
import { callIdSchema } from '../../common/ids.js';
import type { GatewayApi } from './gateway-api.js';
import type { CursorStore } from './pinecall2-options.js';

/** The row of the cursor. */
export const USAGE = 'usage';

const pageSchema = z.object({ rows: z.array(z.unknown()), next: z.int().nonnegative().nullish() });
const rowSchema = z.object({
  cursor: z.int().nonnegative(),
  org: z.string().min(1).optional(),
  agent: z.string().min(1),
  call: callIdSchema,
  type: z.string(),
  at: z.unknown().optional(),
  minutes: z.unknown().optional(),
});
export type UsageRow = z.infer<typeof rowSchema>;

export interface UsageFeedOptions {
  readonly api: GatewayApi;
  /** `/v1/usage`, or the operator's. */
  readonly path: string;
  readonly source: string;
  readonly cursors: CursorStore;
  readonly signal: AbortSignal;
  readonly take: (row: UsageRow) => Promise<void>;
  /** A page was read. */
  readonly onPage: () => void;
}

export class UsageFeed {
  private after: number;
  private isFirst: boolean;

  /** `known`: the cursor of an earlier run. A first run takes nothing: it skips to the end of the feed. */
  constructor(
    private readonly options: UsageFeedOptions,
    known: number | undefined,
  ) {
    this.after = known ?? 0;
    this.isFirst = known === undefined;
  }

  /** Reads to the end of the feed. Rejects when the gateway or the store fails; the next reading goes on there. */
  async read(): Promise<void> {
    const { api, path, cursors, source, signal, take, onPage } = this.options;
    for (let next: number | null = this.after; next !== null && !signal.aborted;) {
      const page = pageSchema.safeParse(await api.usage(path, this.after, signal)).data;
      if (!page) throw new Error('reading the usage was not answered with rows');
      onPage();
      for (const value of page.rows) {
        const row = rowSchema.safeParse(value).data;
        if (!row) continue;
        if (!this.isFirst) await take(row);
        this.after = Math.max(this.after, row.cursor);
      }
      next = page.next != null && page.next > next ? page.next : null;
      this.after = Math.max(this.after, next ?? 0);
      await cursors.save(source, USAGE, this.after, false);
    }
    this.isFirst = false;
  }
}
