/** What is answered to operators, as `/openapi.json` describes it. */
import { z } from 'zod';
import { ownershipSpan } from '../agents/agent-answers.js';
import {
  agentField,
  callField,
  cursorField,
  idField,
  momentField,
  pageOf,
  personField,
  tenantField,
} from '../common/answer-fields.js';

const text = (example: string) => z.string().meta({ examples: [example] });
const narrowing = z
  .array(z.string())
  .nullable()
  .meta({ description: 'Null: not narrowed.', examples: [null] });

/** What changed. Its shape depends on the thing that was changed. */
const state = z.unknown().meta({ examples: [{ status: 'active' }] });

const auditEntry = {
  id: idField,
  at: momentField,
  by: z.string().meta({
    description: 'A token’s id; `operator` where a tenant reads what the platform did.',
    examples: ['operator'],
  }),
  byName: z
    .string()
    .nullable()
    .meta({
      description: 'The token’s name, now or when it did this; null: it is not a token of yours.',
      examples: ['dashboard'],
    }),
  action: text('tenant.change'),
  target: text('acme'),
  targetName: z
    .string()
    .nullable()
    .meta({ description: 'The name of the token that was changed; null: it was not a token.', examples: [null] }),
  before: state,
  after: state,
  requestId: idField.nullable(),
};

export const auditPage = pageOf('audit', z.object(auditEntry).meta({ id: 'AuditEntry' }));
export const platformAuditPage = pageOf(
  'audit',
  z.object({ ...auditEntry, tenants: z.array(tenantField) }).meta({ id: 'PlatformAuditEntry' }),
);

export const connectionList = z.object({
  connections: z.array(
    z
      .object({
        id: idField,
        tenant: tenantField.nullable(),
        tokenId: idField,
        parentTokenId: z.string().nullable(),
        person: personField.nullable(),
        view: z.boolean().meta({ description: 'An operator looks at what the tenant sees.' }),
        since: momentField,
        expiresAt: momentField,
        remoteAddress: text('203.0.113.7').nullable(),
        forwardedFor: text('203.0.113.7').nullable(),
        userAgent: text('Mozilla/5.0').nullable(),
        agents: narrowing,
        calls: narrowing,
        types: narrowing,
        tenants: narrowing.optional(),
        cursor: cursorField,
        lag: z.int().meta({ description: 'Events that it has still to be sent; 0: it is live.', examples: [0] }),
        queuedBytes: z.int().min(0),
      })
      .meta({ id: 'Connection' }),
  ),
  next: z.null(),
});

export const explainAnswer = z
  .object({
    tenant: tenantField,
    event: z
      .object({
        position: cursorField,
        id: z
          .string()
          .nullable()
          .meta({ description: 'The number by which its tenant knows it.', examples: ['42'] }),
        type: text('call.started'),
        agent: agentField,
        callId: callField.nullable(),
        at: momentField,
        tenant: tenantField.nullable(),
      })
      .nullable(),
    owner: ownershipSpan.nullable(),
    delivered: z.boolean().meta({ examples: [true] }),
    summary: text('acme gets this event, as its number 42.'),
    checks: z.array(
      z.object({
        check: z.enum(['logged', 'stamp', 'type', 'retention', 'tenant', 'token', 'filter']),
        passed: z.boolean().meta({ examples: [true] }),
        detail: text('It came in as position 42, of 2026-11-27T21:06:05.788Z.'),
      }),
    ),
  })
  .meta({ id: 'Explanation' });
