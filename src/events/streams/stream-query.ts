/** What every stream takes, whoever reads it (docs/protocol.md, section 3.2). */
import { z } from 'zod';
import { timeSchema } from '../../common/validation.js';

/** Of clients that cannot send the header: `lastEventId`, `last_event_id`, `Last-Event-ID`, in whatever spelling. */
const LAST_EVENT_ID = /^(?:evs_)?last[-_]?event[-_]?id$/i;
/** What an old polyfill always adds, for servers that are its own. */
const NOISE = /^evs_(?:preamble|buffer_size_limit)$/;

/**
 * `token` is read by the guard; a cursor may be anything: one that makes no sense is told so in the stream. `since` says where to
 * begin without a cursor.
 */
const common = {
  after: z.string().optional(),
  lastEventId: z.string().optional(),
  since: timeSchema.optional(),
  token: z.string().optional(),
  /** Absent: the events' data alone. */
  format: z.enum(['cloudevents']).optional(),
};

/** The query of a stream: what is common to all, and these. */
export function streamQuery<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(fold, z.strictObject({ ...common, ...shape }));
}

/** The last id under the one name that we have for it; of several the last one that is not empty. */
function fold(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query;
  const entries = Object.entries(query).filter(([name]) => !NOISE.test(name));
  const ids = entries.filter(([name]) => LAST_EVENT_ID.test(name)).flatMap(([, value]) => value as unknown);
  const others = entries.filter(([name]) => !LAST_EVENT_ID.test(name));
  return { ...Object.fromEntries(others), lastEventId: ids.findLast((id) => id !== '') };
}

/** The header wins, then what stands in its place; an empty one is what a browser sends that has no id yet. */
export function cursorOf(
  header: string | undefined,
  { lastEventId, after }: { readonly lastEventId?: string | undefined; readonly after?: string | undefined },
): string | undefined {
  return header || (lastEventId ?? after);
}
