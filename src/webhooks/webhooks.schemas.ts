import { z } from 'zod';
import { agentNameSchema, lineSchema } from '../common/ids.js';
import { pageQuery } from '../common/page.js';
import { timeSchema } from '../common/validation.js';
import { typePatternSchema } from '../events/log/event-filter.js';
import { FORMATS } from './delivery-body.js';
import { MAX_URL } from './webhook-url.js';

/** Names in a filter. An empty list could be read as "nothing" or as "everything". */
const MAX_NAMES = 100;

const url = z.string().trim().min(1).max(MAX_URL).regex(/^[\x21-\x7e]+$/, 'must be an address without spaces and control characters'); // prettier-ignore
const description = lineSchema(200).nullable();
const agents = z.array(agentNameSchema).min(1).max(MAX_NAMES).nullable();
const types = z.array(typePatternSchema).min(1).max(MAX_NAMES).nullable();
const format = z.enum(FORMATS);
const each = z.enum(['event', 'call']);

const needsNoTypes = ({ each: unit, types: some }: { each?: string | undefined; types?: unknown }) =>
  unit !== 'call' || some === undefined || some === null;
const NO_TYPES = { path: ['types'], message: 'must be absent where each is "call": one type is sent, call.completed' };

export const createWebhookSchema = z
  .strictObject({
    url,
    description: description.default(null),
    agents: agents.default(null),
    types: types.default(null),
    each: each.default('event'),
    format: format.optional(),
  })
  .refine(needsNoTypes, NO_TYPES);

export const changeWebhookSchema = z
  .strictObject({
    url: url.optional(),
    description: description.optional(),
    agents: agents.optional(),
    types: types.optional(),
    each: each.optional(),
    format: format.optional(),
    status: z.enum(['active', 'paused']).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .refine(needsNoTypes, NO_TYPES);

export const formatQuery = z.strictObject({ format: format.optional() });
export const listWebhooksSchema = z.strictObject(pageQuery);
export const listAttemptsSchema = z.strictObject({ ...pageQuery, status: z.enum(['failed', 'delivered']).optional() });

export const testSchema = z
  .strictObject({
    type: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be a type of event')
      .default('call.started'),
  })
  .prefault({});

/** An id as streams and bodies carry it. */
const eventId = z
  .string()
  .regex(/^\d{1,15}$/, 'must be an event’s id')
  .transform(Number);
export const redeliverSchema = z.strictObject({ event: eventId.refine((id) => id > 0, 'must be an event’s id') });
export const recoverSchema = z.union(
  [z.strictObject({ after: eventId }), z.strictObject({ since: timeSchema })],
  'must have "after", an event’s id, or "since", a time',
);

export type CreateWebhook = z.infer<typeof createWebhookSchema>;
export type ChangeWebhook = z.infer<typeof changeWebhookSchema>;
export type ListWebhooks = z.infer<typeof listWebhooksSchema>;
export type ListAttempts = z.infer<typeof listAttemptsSchema>;
export type Recover = z.infer<typeof recoverSchema>;
