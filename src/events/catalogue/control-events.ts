/**
 * What a stream itself says (docs/protocol.md, section 5). `call.erased` and an upstream's `log.gap` are events of the
 * log.
 */
import { z } from 'zod';
import { agentField, callField, cursorField, momentField, tenantField } from '../../common/answer-fields.js';
import { PROBLEM_SLUGS } from '../../common/problem.js';
import type { EventType } from './event-type.js';

const names = z.array(agentField).nullable();
const agents = {
  agents: names.meta({
    description: 'Null: more than are listed, or no filter on `/v1/admin/events`.',
    examples: [['mara']],
  }),
  agentCount: z.int().optional().meta({ description: 'Where there are too many to list.' }),
};
/** A number if the client sent one. Otherwise what the client sent, or the time of `since`. */
const cursor = z.union([z.int(), z.string()]);

function control(type: string, summary: string, shape: z.ZodRawShape): EventType {
  return { type, durable: false, summary, schema: z.looseObject(shape).meta({ title: type }) };
}

export const CONTROL_EVENTS: readonly EventType[] = [
  control('connected', 'The first event of every stream: whose, and where it begins.', {
    tenant: tenantField.nullable().meta({ description: 'Null on `/v1/admin/events`.', examples: ['acme'] }),
    ...agents,
    tenants: z.array(tenantField).nullable().optional(),
    unassigned: z.boolean().optional(),
    after: cursorField,
  }),
  control('log.caught_up', 'The backlog is complete; what follows is live.', { id: cursorField }),
  control('log.gap', 'Something that the reader would have been given is not there. Of upstream’s: durable.', {
    after: cursor.optional().meta({ examples: [12] }),
    resumeFrom: cursor.optional().meta({ examples: [40] }),
    reason: z.enum(['expired', 'unknown', 'upstream']),
    callId: callField.optional().meta({ description: 'With `upstream`.' }),
    lost: z.int().optional().meta({ description: 'How many, from a wire that cannot wait.' }),
    snapshot: z.looseObject({}).optional().meta({ description: 'What upstream still knew of the call.' }),
    agent: agentField.optional(),
    at: momentField.optional(),
  }),
  control('agents.changed', 'The tenant’s agents have changed; the stream has followed.', {
    ...agents,
    added: names,
    removed: names.meta({ examples: [[]] }),
  }),
  control('token.expiring', 'The token ends in a minute.', { at: momentField }),
  control('stream.closing', 'The last event before the server ends a stream.', {
    type: z
      .enum(PROBLEM_SLUGS.map((slug) => `/problems/${slug}` as const))
      .meta({ examples: ['/problems/token-expired'] }),
    title: z.string().meta({ examples: ['The token has expired'] }),
    detail: z
      .string()
      .optional()
      .meta({ examples: ['The token has expired; connect with a new one.'] }),
    retry: z.int().meta({ description: 'Milliseconds until the client should come back.', examples: [3085] }),
  }),
];
