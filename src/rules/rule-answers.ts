/** What is answered about rules, as `/openapi.json` describes it. */
import { z } from 'zod';
import { agentField, callField, idField, momentField, nextField, pageOf } from '../common/answer-fields.js';

const whenField = z.unknown().meta({
  description: 'A condition, or several within one call: docs/rules.md.',
  examples: [{ said: { by: 'caller', words: ['refund'] } }],
});
const onceField = z.string().meta({ description: '`call`, or `each` event that fulfils it.', examples: ['call'] });
const nameField = z.string().meta({ examples: ['wants out'] });
const eventField = z.string().meta({ description: 'The id of an event in the tenant’s log.', examples: ['3'] });

export const ruleAnswer = z
  .object({
    id: idField,
    name: nameField,
    agents: z
      .array(agentField)
      .nullable()
      .meta({ description: 'Null: all of the tenant’s.', examples: [null] }),
    when: whenField,
    once: onceField,
    enabled: z.boolean().meta({ examples: [true] }),
    version: z.int().meta({ examples: [1] }),
    createdAt: momentField,
    changedAt: momentField,
  })
  .meta({ id: 'Rule' });

export const rulePage = pageOf('rules', ruleAnswer);

export const templatesAnswer = z
  .object({
    templates: z.array(
      z.object({ id: z.string().meta({ examples: ['tool-failed'] }), name: nameField, agents: z.null(), when: whenField, once: onceField }), // prettier-ignore
    ),
  })
  .meta({ id: 'RuleTemplates' });

const because = {
  condition: z.string().meta({ description: 'The condition’s name.', examples: ['said'] }),
  event: eventField,
  text: z
    .string()
    .optional()
    .meta({ description: 'What was said in it.', examples: ['I want a refund'] }),
};
export const becauseAnswer = z.object({
  ...because,
  all: z
    .array(z.object(because))
    .optional()
    .meta({ description: 'Of several conditions: what fulfilled each.', examples: [[]] }),
});

export const backtestAnswer = z
  .object({
    fired: z.array(z.object({ callId: callField, at: momentField, event: eventField, because: becauseAnswer })),
    calls: z.int().meta({ description: 'Calls that were looked at.', examples: [412] }),
    ms: z.int().meta({ description: 'How long it took.', examples: [230] }),
    next: nextField,
  })
  .meta({ id: 'RuleBacktest' });
