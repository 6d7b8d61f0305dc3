/** How much of the platform a tenant may use. The defaults are the configuration's, what a tenant overrides is its own. */
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
  /** Events that the tenant's own tokens may send in. */
  ingestPerSecond: count.optional(),
  /** Bytes of their bodies. Not said: a KiB an event, and not less than the platform's. */
  ingestBytesPerSecond: z.number().int().min(0).max(1_000_000_000).optional(),
  /** API tokens that work, or were made within a day. */
  tokens: count.optional(),
  /** Days that events are kept. */
  retentionDays: z.number().int().min(1).max(36_500).optional(),
});

/** Changes of them, by name; null: as the platform has it again. */
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

/** A tenant's own; undefined: not said. */
export function retentionDaysOf(overrides: unknown): number | undefined {
  const parsed = limitsSchema.safeParse(overrides);
  return parsed.success ? parsed.data.retentionDays : undefined;
}

/** A tenant's own limits over the platform's; what is stored and makes no sense counts as not said. */
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
