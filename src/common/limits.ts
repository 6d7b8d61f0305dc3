/** How much of the platform a tenant may use. The configuration has the defaults; a tenant may override them. */
import { z } from 'zod';

/** A usual event of a call has some 300 bytes. */
const BYTES_AN_EVENT = 1024;

const count = z.number().int().min(0).max(1_000_000);

/** Overrides of one tenant, as an admin sets them. */
export const limitsSchema = z.strictObject({
  /** Streams open at once. */
  streams: count.optional(),
  /** Streams open at once with one token. */
  streamsPerToken: count.optional(),
  requestsPerSecond: count.optional(),
  /** Events that the tenant's own tokens may send. */
  ingestPerSecond: count.optional(),
  /** Bytes of their bodies. If not set: one KiB an event, and at least the platform's. */
  ingestBytesPerSecond: z.number().int().min(0).max(1_000_000_000).optional(),
  /** API tokens that work, or that were made within a day. */
  tokens: count.optional(),
  /** Days that events are kept. */
  retentionDays: z.number().int().min(1).max(36_500).optional(),
});

/** Changes to the overrides, by name; null goes back to the platform's value. */
export const limitChangesSchema = z.strictObject(
  Object.fromEntries(Object.entries(limitsSchema.shape).map(([name, limit]) => [name, limit.nullable()])) as {
    [Name in keyof typeof limitsSchema.shape]: z.ZodNullable<(typeof limitsSchema.shape)[Name]>;
  },
);

export type LimitOverrides = z.infer<typeof limitsSchema>;

/** The limits that are enforced while a tenant is served. */
export interface Limits {
  readonly streams: number;
  readonly streamsPerToken: number;
  readonly requestsPerSecond: number;
  readonly ingestPerSecond: number;
  readonly ingestBytesPerSecond: number;
  readonly tokens: number;
}

/** The tenant's own value; undefined: not set. */
export function retentionDaysOf(overrides: unknown): number | undefined {
  const parsed = limitsSchema.safeParse(overrides);
  return parsed.success ? parsed.data.retentionDays : undefined;
}

/** A tenant's own limits over the platform's. A stored value that makes no sense counts as not set. */
export function effectiveLimits(overrides: unknown, defaults: Limits): Limits {
  const parsed = limitsSchema.safeParse(overrides);
  const { streams, streamsPerToken, requestsPerSecond, ingestPerSecond, ingestBytesPerSecond, tokens } =
    parsed.data ?? {};
  return {
    streams: streams ?? defaults.streams,
    streamsPerToken: streamsPerToken ?? defaults.streamsPerToken,
    requestsPerSecond: requestsPerSecond ?? defaults.requestsPerSecond,
    ingestPerSecond: ingestPerSecond ?? defaults.ingestPerSecond,
    ingestBytesPerSecond:
      ingestBytesPerSecond ?? Math.max(defaults.ingestBytesPerSecond, (ingestPerSecond ?? 0) * BYTES_AN_EVENT),
    tokens: tokens ?? defaults.tokens,
  };
}
