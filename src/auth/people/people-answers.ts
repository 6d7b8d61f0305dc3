/** The answers about people, as `/openapi.json` describes them. */
import { z } from 'zod';
import { idField, momentField, pageOf, tenantField } from '../../common/answer-fields.js';

export const personAnswer = z
  .object({
    id: idField,
    tenant: tenantField,
    name: z.string().meta({ examples: ['Ana Pérez'] }),
    email: z
      .string()
      .nullable()
      .meta({ description: 'Null: none is known.', examples: ['ana@acme.example'] }),
    canMail: z
      .boolean()
      .meta({ description: 'A link can be mailed: an e-mail is kept, and SMTP_URL is set.', examples: [false] }),
    createdAt: momentField,
    sessions: z
      .int()
      .min(0)
      .meta({ description: 'In how many browsers the person is signed in.', examples: [1] }),
    lastSeenAt: momentField
      .nullable()
      .meta({ description: 'When one of these sessions was last used, to the minute; null: there is none.' }),
  })
  .meta({ id: 'Person' });

export const personPage = pageOf('people', personAnswer);
