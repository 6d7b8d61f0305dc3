/** What is answered about webhooks, as `/openapi.json` describes it. */
import { z } from 'zod';
import { callField, momentField, pageOf } from '../common/answer-fields.js';

const idField = z.string().meta({ description: 'A webhook’s id.', examples: ['wh_p3Kx0aQ9LmZt'] });
const eventField = z.string().meta({ description: 'An event’s id in the tenant’s log.', examples: ['1224'] });
const urlField = z.string().meta({ examples: ['https://example.com/hook'] });
const reasonField = z.string().meta({ description: 'Why it failed, in words.', examples: ['it answered 503'] });
const secretField = z
  .string()
  .meta({ description: 'Signs what is sent; it is shown once.', examples: ['whsec_9lPgRrEuOqXqB1mGq0bD8Q=='] });

export const webhookAnswer = z
  .object({
    id: idField,
    url: urlField,
    description: z
      .string()
      .nullable()
      .meta({ examples: ['our CRM'] }),
    agents: z
      .array(z.string())
      .nullable()
      .meta({ description: 'Null: all of them.', examples: [['mara']] }),
    types: z
      .array(z.string())
      .nullable()
      .meta({ description: 'Null: all of them.', examples: [['call.*']] }),
    each: z.string().meta({ description: '`event` or `call`.', examples: ['event'] }),
    format: z.string().meta({ description: '`standard` or `cloudevents`.', examples: ['standard'] }),
    status: z.string().meta({ description: '`active`, `failing`, `paused` or `disabled`.', examples: ['active'] }),
    cursor: eventField.meta({ description: 'Up to it everything is sent, or waits.', examples: ['1224'] }),
    behind: z
      .int()
      .min(0)
      .meta({ description: 'Events behind the cursor.', examples: [0] }),
    waiting: z
      .int()
      .min(0)
      .meta({ description: 'Events that wait for another attempt.', examples: [0] }),
    skipped: z
      .int()
      .min(0)
      .meta({ description: 'Events that could not be sent at all.', examples: [0] }),
    lastSkipped: z.unknown().meta({ description: '`{"event","at","reason"}` or null.', examples: [null] }),
    lastSuccessAt: momentField.nullable(),
    lastFailure: z
      .object({
        at: momentField,
        status: z
          .int()
          .nullable()
          .meta({ examples: [503] }),
        reason: reasonField,
      })
      .nullable(),
    previousSecretUntil: momentField
      .nullable()
      .meta({ description: 'Until then the secret before signs, too.', examples: [null] }),
    createdAt: momentField,
  })
  .meta({ id: 'Webhook' });

export const webhookPage = pageOf('webhooks', webhookAnswer);
export const newWebhookAnswer = webhookAnswer.extend({ secret: secretField }).meta({ id: 'NewWebhook' });
export const secretAnswer = z.object({ secret: secretField }).meta({ id: 'WebhookSecret' });

export const testAnswer = z
  .object({
    status: z
      .int()
      .nullable()
      .meta({ description: 'Null: there was no answer.', examples: [200] }),
    ms: z
      .int()
      .min(0)
      .meta({ examples: [41] }),
    body: z.string().meta({ description: 'The first 2 KiB of the answer.', examples: ['thanks'] }),
    reason: reasonField.nullable().meta({ examples: [null] }),
  })
  .meta({ id: 'WebhookTest' });

export const attemptAnswer = z
  .object({
    id: z.string().meta({ examples: ['0mgk2x9qa00f3b1c2d4'] }),
    event: eventField,
    type: z.string().meta({ examples: ['call.ended'] }),
    callId: callField.nullable(),
    at: momentField,
    ms: z
      .int()
      .min(0)
      .meta({ examples: [312] }),
    status: z
      .int()
      .nullable()
      .meta({ description: 'Null: there was no answer.', examples: [503] }),
    delivered: z.boolean().meta({ examples: [false] }),
    reason: reasonField.nullable(),
    response: z
      .string()
      .nullable()
      .meta({ description: 'The first 2 KiB, of one that failed.', examples: ['busy'] }),
    next: momentField.nullable().meta({ description: 'When it is sent again; null: it is not.' }),
  })
  .meta({ id: 'WebhookAttempt' });

export const attemptPage = pageOf('attempts', attemptAnswer);
export const redeliverAnswer = z.object({ event: eventField }).meta({ id: 'WebhookRedelivery' });
