/** The answers about requests for sign-in links, as `/openapi.json` describes them. */
import { z } from 'zod';
import { idField, momentField, tenantField } from '../../common/answer-fields.js';

/** The same for everybody. */
export const askedAnswer = z.object({ asked: z.literal(true) }).meta({ id: 'LinkAsked' });

export const linkRequest = z
  .object({
    id: idField,
    tenant: tenantField,
    person: z
      .string()
      .nullable()
      .meta({ description: 'Null: somebody of the tenant, nobody by name.', examples: ['Ana Pérez'] }),
    askedAt: momentField.meta({ description: 'The last time.' }),
    mailedAt: momentField.nullable().meta({
      description: 'When a link was mailed; null: it waits for an operator.',
      examples: [null],
    }),
  })
  .meta({ id: 'LinkRequest' });

export const linkRequestList = z.object({ requests: z.array(linkRequest), next: z.null() });
