/** What a token says about itself before it is verified: which key, which issuer, which use. */
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/**
 * A key's name is used for a lookup, so it must be text that allows one. We support nothing in `crit` (RFC 7515,
 * 4.1.11), so it must be absent.
 */
const tokenSchema = z.object({
  header: z.object({
    alg: z.string(),
    kid: z
      .string()
      .regex(/^[\x20-\x7e]{1,200}$/)
      .optional(),
    crit: z.undefined().optional(),
  }),
  payload: z.record(z.string(), z.unknown()),
});

export interface TokenText {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Undefined: not a token that anybody could have issued for us. */
export function readToken(token: string): TokenText | undefined {
  const parsed = tokenSchema.safeParse(decode(token));
  if (!parsed.success) return undefined;
  const { header, payload: claims } = parsed.data;
  return { alg: header.alg, kid: header.kid, claims };
}

function decode(token: string): unknown {
  try {
    return jwt.decode(token, { complete: true });
  } catch {
    return undefined; // The library throws if a part is not JSON.
  }
}
