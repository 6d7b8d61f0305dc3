/**
 * Branded ids. A string becomes one only by passing its schema at the edge, so a tenant's id cannot be used as an
 * agent's name by accident. Names are exact: an odd one is refused, never normalised (security rule 5).
 */
import { z } from 'zod';

/** White space, control, format, unassigned, surrogate and invisible characters, which nobody can see or type. */
const INVISIBLE = String.raw`\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800`;
const visible = (max: number) => new RegExp(`^[^${INVISIBLE}]{1,${max}}$`, 'u');

export const tenantIdSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1–63 of a–z, 0–9 and "-", not at either end')
  .meta({ examples: ['acme'] })
  .brand<'TenantId'>();
export type TenantId = z.infer<typeof tenantIdSchema>;

export const agentNameSchema = z
  .string()
  .regex(visible(128), 'must be 1–128 characters without white space, control or invisible characters')
  .meta({ examples: ['mara'] })
  .brand<'AgentName'>();
export type AgentName = z.infer<typeof agentNameSchema>;

/** Pinecall's id of a call, or of a chat session: opaque. */
export const callIdSchema = z
  .string()
  .regex(visible(256), 'must be 1–256 characters without white space, control or invisible characters')
  .meta({ examples: ['CA_7f3e'] })
  .brand<'CallId'>();
export type CallId = z.infer<typeof callIdSchema>;

/** An id that we gave: a token's, a connection's. Any other text names nothing. */
export const opaqueIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, 'must be an id as we gave it')
  .meta({ examples: ['3f0c9a4e-58d2-4b7e-9a53-0f6f0d1f7c11'] });

/**
 * One line of text that a person reads, such as a name: no control characters (PostgreSQL stores no NUL), no half of a
 * character.
 */
export const lineSchema = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line of text without control characters');
