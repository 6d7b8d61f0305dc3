import { z } from 'zod';
import { lineSchema, tenantIdSchema } from '../common/ids.js';
import { limitChangesSchema, limitsSchema } from '../common/limits.js';
import { pageQuery } from '../common/page.js';

const name = lineSchema(200).meta({ examples: ['Acme Corp'] });

export const createTenantSchema = z.strictObject({
  tenant: tenantIdSchema,
  name: name.optional(),
  limits: limitsSchema.default({}),
});

export const changeTenantSchema = z
  .strictObject({
    name: name.optional(),
    status: z.enum(['active', 'suspended']).optional(),
    limits: limitChangesSchema.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something');

export const listTenantsSchema = z.strictObject(pageQuery);

export type CreateTenant = z.infer<typeof createTenantSchema>;
export type ChangeTenant = z.infer<typeof changeTenantSchema>;
export type ListTenants = z.infer<typeof listTenantsSchema>;
