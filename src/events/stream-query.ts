/** What every stream takes, whoever reads it. */
import { z } from 'zod';
import { timeSchema } from '../common/validation.js';

/**
 * `token` is read by the guard; `after` may be anything: a cursor that makes no sense is told so in the stream. `since` says where to
 * begin without a cursor.
 */
export const streamQuery = {
  after: z.string().max(300).optional(),
  since: timeSchema.optional(),
  token: z.string().optional(),
};

/** The header wins; an empty one is what a browser sends that has no id yet. */
export function cursorOf(lastEventId: string | undefined, after: string | undefined): string | undefined {
  return lastEventId === undefined || lastEventId === '' ? after : lastEventId;
}
