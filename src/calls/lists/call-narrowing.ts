/** What a list of calls may be narrowed to besides agents and words: time, way, and end of the call. */
import { z } from 'zod';
import { commaList, timeSchema } from '../../common/validation.js';

const MAX_NAME = 64;
/** Names as the wires send them. The list of reasons and transports is open. */
const nameSchema = z
  .string()
  .regex(/^[\w.-]+$/, 'must be a name such as phone')
  .max(MAX_NAME);
const secondsSchema = z.coerce.number().min(0).max(1e7);

/**
 * A call is slow from this 95th percentile on, in milliseconds: so long that a caller wonders whether anybody is there.
 */
export const SLOW_MS = 2000;
/** What is wrong with a call (docs/calls.md). If several are given, all must hold. */
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
  /** Seconds; only calls that are over match. */
  minDuration: secondsSchema.optional(),
  maxDuration: secondsSchema.optional(),
  /** The id of a live rule that has fired in the call. */
  rule: z.uuid().optional(),
};

export type Narrowing = z.infer<z.ZodObject<typeof narrowingQuery>>;

/** Collects conditions and the placeholders of their values. */
interface Where {
  add(condition: string): void;
  value(value: unknown): string;
}

/** A call whose last event lies between `since` and `until` counts as alive. */
interface Lifetime {
  readonly since: Date;
  readonly until: Date;
}

/** Adds the conditions that were asked for, on a row `c` of `calls`. */
export function addNarrowing(where: Where, narrowing: Narrowing, { since, until }: Lifetime): void {
  const { from, to, reason, transport, direction, minDuration, maxDuration, flag, rule } = narrowing;
  if (from) where.add(`c.started_at >= ${where.value(from)}`);
  if (to) where.add(`c.started_at < ${where.value(to)}`);
  // As /v1/stats counts them: `unknown` is a call without a transport.
  if (transport) where.add(`coalesce(c.transport, 'unknown') = ANY (${where.value(transport)})`);
  // Nothing has said that the call is over (docs/calls.md, "When a call is over").
  const unheard = () =>
    `(c.state <> 'ended' AND c.last_at NOT BETWEEN ${where.value(since)} AND ${where.value(until)})`;
  if (reason) {
    const ways = [`(c.state = 'ended' AND coalesce(c.reason, 'unknown') = ANY (${where.value(reason)}))`];
    if (reason.includes(LOST)) ways.push(unheard());
    where.add(`(${ways.join(' OR ')})`);
  }
  for (const one of flag ?? [])
    where.add(one === LOST ? `((c.state = 'ended' AND c.reason = '${LOST}') OR ${unheard()})` : FLAGS[one]);
  // The head is JSON that we write ourselves: within a string, a quotation mark would have a backslash before it.
  if (direction) where.add(`strpos(c.head, ${where.value(`"direction":{"value":"${direction}"`)}) > 0`);
  if (rule !== undefined) where.add(`strpos(c.head, ${where.value(`"rule":"${rule}"`)}) > 0`);
  if (minDuration !== undefined) where.add(`c.duration >= ${where.value(minDuration)}`);
  if (maxDuration !== undefined) where.add(`c.duration <= ${where.value(maxDuration)}`);
}

/** True when the first match may be far from the newest call. */
export function looksBeyondDates({ from: _from, to, ...others }: Narrowing): boolean {
  return to !== undefined || Object.values(others).some((value) => value !== undefined);
}
