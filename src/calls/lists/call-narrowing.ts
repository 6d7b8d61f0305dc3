/** What a list of calls may be narrowed to besides its agents and what was said: when, how, and how it ended. */
import { z } from 'zod';
import { commaList, timeSchema } from '../../common/validation.js';

const MAX_NAME = 64;
/** As the wires have them; the list of reasons and transports is open. */
const nameSchema = z
  .string()
  .regex(/^[\w.-]+$/, 'must be a name such as phone')
  .max(MAX_NAME);
const secondsSchema = z.coerce.number().min(0).max(1e7);

/** Slow: as long as a caller wonders whether anybody is there. Milliseconds, of a call's 95th percentile. */
export const SLOW_MS = 2000;
/** What is wrong with a call (docs/calls.md); of several, all. */
const FLAGS = {
  slow: `c.latency_p95 >= ${SLOW_MS}`,
  toolFailed: 'c.tools_failed > 0',
  escalated: 'c.escalated',
  lowScore: 'NOT c.score_passed',
  incomplete: 'c.incomplete',
};
const LOST = 'lost';
const flagSchema = z.enum([...(Object.keys(FLAGS) as (keyof typeof FLAGS)[]), LOST]);

export const narrowingQuery = {
  flag: commaList(flagSchema).optional(),
  /** Calls that began in [from, to). */
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  reason: commaList(nameSchema).optional(),
  transport: commaList(nameSchema).optional(),
  direction: z.enum(['inbound', 'outbound']).optional(),
  /** Seconds; of calls that are over. */
  minDuration: secondsSchema.optional(),
  maxDuration: secondsSchema.optional(),
};

export type Narrowing = z.infer<z.ZodObject<typeof narrowingQuery>>;

/** Conditions that are collected, and the placeholders of their values. */
interface Where {
  add(condition: string): void;
  value(value: unknown): string;
}

/** `since`, `until`: between these, a call's last event keeps it alive. */
interface Lifetime {
  readonly since: Date;
  readonly until: Date;
}

/** Adds what was asked for, of a row `c` of `calls`. */
export function addNarrowing(where: Where, narrowing: Narrowing, { since, until }: Lifetime): void {
  const { from, to, reason, transport, direction, minDuration, maxDuration, flag } = narrowing;
  if (from) where.add(`c.started_at >= ${where.value(from)}`);
  if (to) where.add(`c.started_at < ${where.value(to)}`);
  // As /v1/stats counts them: `unknown` is what nothing was said of.
  if (transport) where.add(`coalesce(c.transport, 'unknown') = ANY (${where.value(transport)})`);
  // Nobody has said that it is over (docs/calls.md, "When a call is over").
  const unheard = () =>
    `(c.state <> 'ended' AND c.last_at NOT BETWEEN ${where.value(since)} AND ${where.value(until)})`;
  if (reason) {
    const ways = [`(c.state = 'ended' AND coalesce(c.reason, 'unknown') = ANY (${where.value(reason)}))`];
    if (reason.includes(LOST)) ways.push(unheard());
    where.add(`(${ways.join(' OR ')})`);
  }
  for (const one of flag ?? [])
    where.add(one === LOST ? `((c.state = 'ended' AND c.reason = '${LOST}') OR ${unheard()})` : FLAGS[one]);
  // The head is JSON as we write it: within a string a quotation mark would have a backslash before it.
  if (direction) where.add(`strpos(c.head, ${where.value(`"direction":{"value":"${direction}"`)}) > 0`);
  if (minDuration !== undefined) where.add(`c.duration >= ${where.value(minDuration)}`);
  if (maxDuration !== undefined) where.add(`c.duration <= ${where.value(maxDuration)}`);
}

/** True where the first that is found may lie far from the newest. */
export function looksBeyondDates({ from: _from, to, ...others }: Narrowing): boolean {
  return to !== undefined || Object.values(others).some((value) => value !== undefined);
}
