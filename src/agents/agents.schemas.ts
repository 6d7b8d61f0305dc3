import { z } from 'zod';
import { tenantIdSchema } from '../common/ids.js';
import { pageQuery } from '../common/page.js';

export const listAgentsSchema = z.strictObject({
  ...pageQuery,
  tenant: tenantIdSchema.optional(),
  unassigned: z.stringbool().optional(),
});

export const listOwnAgentsSchema = z.strictObject(pageQuery);

/** Compare-and-set: `from` is the owner that the caller believes in; null: nobody. */
export const assignSchema = z.strictObject({ tenant: tenantIdSchema, from: tenantIdSchema.nullable() });
export const unassignSchema = z.strictObject({ from: tenantIdSchema });

export type ListAgents = z.infer<typeof listAgentsSchema>;
export type ListOwnAgents = z.infer<typeof listOwnAgentsSchema>;
export type Assign = z.infer<typeof assignSchema>;
export type Unassign = z.infer<typeof unassignSchema>;
