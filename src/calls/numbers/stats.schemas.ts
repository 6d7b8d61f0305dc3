import { z } from 'zod';
import { agentNameSchema } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { timeZoneSchema } from '../../common/time-zone.js';
import { commaList, timeSchema } from '../../common/validation.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** Longest span for each bucket. Bounds the answer, and the cost of one request. */
const MAX_DAYS = { day: 400, hour: 62 };

export const statsSchema = z.strictObject({
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  bucket: z.enum(['hour', 'day']).default('day'),
  agents: commaList(agentNameSchema).optional(),
  tz: timeZoneSchema.default('UTC'),
});

export type ReadStats = z.infer<typeof statsSchema>;

/** Throws `validation` for a span that is empty or too long. */
export function spanOf({ from, to, bucket }: ReadStats, now: number): { from: Date; to: Date } {
  const end = to ?? new Date(now);
  const begin = from ?? new Date(end.getTime() - DEFAULT_DAYS * DAY_MS);
  const days = (end.getTime() - begin.getTime()) / DAY_MS;
  if (days <= 0) throw invalid('must be after "from"');
  if (days > MAX_DAYS[bucket]) throw invalid(`must be at most ${MAX_DAYS[bucket]} days after "from"`);
  return { from: begin, to: end };
}

function invalid(message: string): Problem {
  return new Problem('validation', 'The request is not valid.', { errors: [{ path: 'to', message }] });
}
