/** What is answered about tenants, as `/openapi.json` describes it. */
import { z } from 'zod';
import { momentField, pageOf, tenantField } from '../common/answer-fields.js';
import { limitsSchema } from '../common/limits.js';

export const tenantAnswer = z
  .object({
    tenant: tenantField,
    name: z.string().meta({ examples: ['Acme Corp'] }),
    status: z.enum(['active', 'suspended']),
    limits: z.object(limitsSchema.shape).meta({
      description: 'What was set for it; all else is the configuration’s.',
      examples: [{ retentionDays: 30 }],
    }),
    createdAt: momentField,
  })
  .meta({ id: 'Tenant' });

export const tenantPage = pageOf('tenants', tenantAnswer);

const limit = z
  .int()
  .min(0)
  .meta({ examples: [100] });

export const defaultLimitsAnswer = z.object({
  limits: z.object({
    streams: limit,
    streamsPerToken: limit,
    requestsPerSecond: limit,
    ingestPerSecond: limit,
    ingestBytesPerSecond: limit,
    tokens: limit,
    retentionDays: z
      .int()
      .min(1)
      .nullable()
      .meta({ description: 'Null: events are kept for ever.', examples: [30] }),
  }),
});

export const erasureList = z.object({
  erasures: z.array(
    z
      .object({
        tenant: tenantField,
        since: momentField,
        step: z.string().meta({ description: 'What is being removed now.', examples: ['events'] }),
        events: z
          .int()
          .min(0)
          .meta({ description: 'How many there were at its beginning.', examples: [120000] }),
        erased: z
          .int()
          .min(0)
          .meta({ description: 'How many of them are gone.', examples: [45000] }),
      })
      .meta({ id: 'TenantErasure' }),
  ),
});
