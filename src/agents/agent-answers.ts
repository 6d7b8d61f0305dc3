/** What is answered about agents and their owners, as `/openapi.json` describes it. */
import { z } from 'zod';
import { scopeSchema } from '../auth/principal.js';
import {
  agentField,
  callField,
  idField,
  momentField,
  pageOf,
  personField,
  tenantField,
} from '../common/answer-fields.js';

const owner = tenantField.nullable().meta({ description: 'Null: nobody.', examples: ['acme'] });
const since = momentField.nullable().meta({ description: 'Since when it has its owner; null: it has none.' });
const names = z.array(agentField);

export const meAnswer = z
  .object({
    tenant: tenantField.nullable().meta({ description: 'Null: a token of the platform’s.', examples: ['acme'] }),
    scopes: z.array(scopeSchema),
    agents: names.nullable().meta({ description: 'The tenant’s agents; null where there are too many to list.' }),
    agentCount: z.int().min(0).optional().meta({ description: 'Only where `agents` is null.' }),
    expiresAt: momentField,
    person: personField.optional(),
    view: z.literal(true).optional().meta({ description: 'An operator looks at what the tenant sees.' }),
  })
  .meta({ id: 'Me' });

export const ownAgentPage = pageOf('agents', z.object({ agent: agentField, since }).meta({ id: 'OwnAgent' }));

export const agentPage = pageOf('agents', z.object({ agent: agentField, tenant: owner, since }).meta({ id: 'Agent' }));

export const ownershipSpan = z
  .object({
    tenant: tenantField,
    since: momentField,
    until: momentField.nullable().meta({ description: 'Null: it owns the agent now.', examples: [null] }),
    changedBy: z.string().meta({
      description: 'The id of the token that gave it the agent.',
      examples: ['3f0c9a4e-58d2-4b7e-9a53-0f6f0d1f7c11'],
    }),
  })
  .meta({ id: 'OwnershipSpan' });

export const ownershipList = z.object({ owners: z.array(ownershipSpan), next: z.null() });

const ownedAgent = z.object({ agent: agentField, tenant: owner, since }).meta({ id: 'OwnedAgent' });

const transfer = z
  .object({
    agent: agentField,
    from: owner,
    to: tenantField,
    dryRun: z.literal(true),
    changes: z.boolean(),
    openStreams: z.array(z.object({ id: idField, tenant: tenantField.nullable(), tokenId: z.string() })),
    callsInProgress: z.array(callField),
    narrowedTokens: z.array(z.object({ id: idField, parent: z.string().nullable(), expiresAt: momentField })),
  })
  .meta({ id: 'TransferPreview', examples: [transferExample()] });

/** With `dryRun=true`, the answer says what would change. */
export const assignAnswer = z.union([ownedAgent, transfer]);

export const ownedSetAnswer = z
  .object({ tenant: tenantField, agents: names, added: names, removed: names.meta({ examples: [[]] }) })
  .meta({ id: 'OwnedSet' });

function transferExample(): object {
  const empty = { openStreams: [], callsInProgress: ['CA_7f3e'], narrowedTokens: [] };
  return { agent: 'mara', from: 'acme', to: 'globex', dryRun: true, changes: true, ...empty };
}
