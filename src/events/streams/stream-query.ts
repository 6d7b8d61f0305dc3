/** The query parameters of every stream (docs/protocol.md, section 3.2). */
import { z } from 'zod';
import { timeSchema } from '../../common/validation.js';

/** For clients that cannot send the header: `lastEventId`, `last_event_id`, `Last-Event-ID`, in any spelling. */
const LAST_EVENT_ID = /^(?:evs_)?last[-_]?event[-_]?id$/i;
/** What an old polyfill always adds, for servers of its own kind. */
const NOISE = /^evs_(?:preamble|buffer_size_limit)$/;

/**
 * The guard reads `token`. A cursor may be any text; the stream tells the client if it makes no sense. `since` says
 * where to begin without a cursor.
 */
const common = {
  after: z.string().optional(),
  lastEventId: z.string().optional(),
  since: timeSchema.optional(),
  token: z.string().optional(),
  /** Absent: only the events' data. */
  format: z.enum(['cloudevents']).optional(),
};

/** The query of a stream: the common parameters, and these. */
export function streamQuery<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(fold, z.strictObject({ ...common, ...shape }));
}

/**
 * Puts the last id under the one name that we have for it. If several are given, the last one that is not empty counts.
 */
function fold(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query;
  const entries = Object.entries(query).filter(([name]) => !NOISE.test(name));
  const ids = entries.filter(([name]) => LAST_EVENT_ID.test(name)).flatMap(([, value]) => value as unknown);
  const others = entries.filter(([name]) => !LAST_EVENT_ID.test(name));
  return { ...Object.fromEntries(others), lastEventId: ids.findLast((id) => id !== '') };
}

/** The header wins over the parameter. A browser that has no id yet sends an empty one. */
export function cursorOf(
  header: string | undefined,
  { lastEventId, after }: { readonly lastEventId?: string | undefined; readonly after?: string | undefined },
): string | undefined {
  return header || (lastEventId ?? after);
}
