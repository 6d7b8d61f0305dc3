/** What needs an operator, and what goes on, as `/openapi.json` describes it. */
import { z } from 'zod';
import { linkRequest } from '../auth/link-requests/link-request-answers.js';
import { idField, momentField, tenantField } from '../common/answer-fields.js';

const count = z
  .int()
  .min(0)
  .meta({ examples: [12] });

const activity = {
  calls: count.meta({ description: 'Calls that began since then.' }),
  minutes: z
    .number()
    .min(0)
    .meta({ description: 'Of those that have ended.', examples: [48.5] }),
  failed: count.meta({ description: 'Calls that ended by a fault, or fell silent without an end.', examples: [1] }),
  toolFailed: count.meta({ description: 'Calls in which a tool failed.', examples: [0] }),
};

export const activityAnswer = z.object({
  since: momentField,
  activity: z.array(
    z
      .object({
        name: z.string().meta({ description: 'The tenant’s id, or the agent’s name.', examples: ['acme'] }),
        ...activity,
        lastCallAt: momentField.nullable().meta({ description: 'When the last call began, ever; null: none did.' }),
      })
      .meta({ id: 'Activity' }),
  ),
});

export const attentionAnswer = z.object({
  since: momentField,
  linkRequests: z
    .array(linkRequest)
    .meta({ description: 'Who asked for a sign-in link and was mailed none; oldest first, 50 at most.' }),
  tenants: z
    .array(z.object({ tenant: tenantField, ...activity }).meta({ id: 'FailingTenant' }))
    .meta({ description: 'With calls that went wrong since then, most first; 50 at most.' }),
  webhooks: z
    .array(
      z
        .object({
          tenant: tenantField,
          id: idField,
          url: z.string().meta({ examples: ['https://example.com/hook'] }),
          status: z.enum(['failing', 'disabled']),
          lastFailure: z
            .object({ at: momentField, status: z.int().nullable(), reason: z.string() })
            .nullable()
            .meta({ examples: [null] }),
        })
        .meta({ id: 'FailingWebhook' }),
    )
    .meta({ description: 'That fail or were disabled, by tenant; 50 at most.' }),
});
