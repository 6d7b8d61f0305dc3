import { z } from 'zod';
import { agentNameSchema, tenantIdSchema } from '../common/ids.js';
import { pageQuery } from '../common/page.js';

export const listAgentsSchema = z.strictObject({
  ...pageQuery,
  tenant: tenantIdSchema.optional(),
  unassigned: z.stringbool().optional(),
});

export const listOwnAgentsSchema = z.strictObject(pageQuery);

/** Compare-and-set: `from` is the owner that the caller expects; null: nobody. */
export const assignSchema = z.strictObject({ tenant: tenantIdSchema, from: tenantIdSchema.nullable() });
export const unassignSchema = z.strictObject({ from: tenantIdSchema });

/** Largest set in one request. Moving agents delays ingest for a moment. */
const MAX_SET = 1000;
export const ownedSetSchema = z.strictObject({ agents: z.array(agentNameSchema).max(MAX_SET) });

/** With `dryRun=true` nothing changes, and the answer says what would change. */
export const dryRunQuery = z.strictObject({ dryRun: z.stringbool().default(false) });

export type ListAgents = z.infer<typeof listAgentsSchema>;
export type ListOwnAgents = z.infer<typeof listOwnAgentsSchema>;
export type Assign = z.infer<typeof assignSchema>;
export type Unassign = z.infer<typeof unassignSchema>;
export type OwnedSetBody = z.infer<typeof ownedSetSchema>;
export type DryRun = z.infer<typeof dryRunQuery>;
