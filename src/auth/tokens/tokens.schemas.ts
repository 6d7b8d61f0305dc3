import { z } from 'zod';
import { lineSchema, opaqueIdSchema } from '../../common/ids.js';
import { scopeSchema } from '../principal.js';

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
/** Longest life of a token. */
export const MAX_TTL_SECONDS = 366 * UNIT_SECONDS.d;

const secondsIn = (text: string) =>
  Number(text.slice(0, -1)) * UNIT_SECONDS[text.slice(-1) as keyof typeof UNIT_SECONDS];

/** `30d`, `12h`, `15m`, `90s` → seconds. */
export const ttlSchema = z
  .string()
  .regex(/^[1-9]\d{0,8}[smhd]$/, 'must be a whole number and s, m, h or d, like "30d"')
  .transform(secondsIn)
  .pipe(z.number().max(MAX_TTL_SECONDS, 'must be 366 days at most'))
  .meta({ examples: ['30d'] });

/** Seconds, or text like "15m". */
export const shortTtlSchema = (maxSeconds: number, message: string) =>
  z.union([z.number().int().min(1), ttlSchema]).pipe(z.number().max(maxSeconds, message));

const name = lineSchema(100).meta({ examples: ['dashboard'] });
export const tenantScopes = scopeSchema.exclude(['admin']).meta({ examples: ['events:read'] });
export const platformScopes = scopeSchema.extract(['admin', 'events:write']);

export const createTenantTokenSchema = z.strictObject({
  name,
  scopes: z.array(tenantScopes).min(1),
  ttl: ttlSchema.default(90 * UNIT_SECONDS.d),
});

export const createPlatformTokenSchema = z.strictObject({
  name,
  scopes: z.array(platformScopes).min(1),
  ttl: ttlSchema.default(90 * UNIT_SECONDS.d),
});

export const changeTokenSchema = z
  .strictObject({ name: name.optional(), scopes: z.array(scopeSchema).min(1).optional() })
  .refine((change) => Object.keys(change).length > 0, 'must change something');

const DEFAULT_OVERLAP_SECONDS = UNIT_SECONDS.d;
const MAX_OVERLAP_SECONDS = 7 * UNIT_SECONDS.d;

/** As a ttl, or nothing at all: `0s`. */
const overlap = z
  .string()
  .regex(/^(0|[1-9]\d{0,8})[smhd]$/, 'must be a whole number and s, m, h or d, like "24h"')
  .transform(secondsIn)
  .pipe(z.number().max(MAX_OVERLAP_SECONDS, 'must be 7 days at most'))
  .meta({ examples: ['24h'] });

export const rollTokenSchema = z
  .strictObject({ overlap: overlap.default(DEFAULT_OVERLAP_SECONDS) })
  .optional()
  .transform((body) => body ?? { overlap: DEFAULT_OVERLAP_SECONDS });

/** One of ours, or of the identity provider's: `<issuer>#<id>`. */
export const anyTokenIdSchema = z.union([opaqueIdSchema, lineSchema(1000).regex(/#/, 'must be an id as we gave it')]);
