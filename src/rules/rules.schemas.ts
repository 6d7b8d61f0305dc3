import { z } from 'zod';
import { agentNameSchema, lineSchema } from '../common/ids.js';
import { pageQuery } from '../common/page.js';
import { conditionSchema } from './condition.js';

/** Agents that one rule names. */
const MAX_AGENTS = 100;

const fields = {
  name: lineSchema(100),
  /** Null: all of the tenant's agents. */
  agents: z.array(agentNameSchema).min(1).max(MAX_AGENTS).nullable(),
  when: conditionSchema,
  once: z.enum(['call', 'each']),
  enabled: z.boolean(),
};

export const createRuleSchema = z.strictObject({
  ...fields,
  agents: fields.agents.default(null),
  once: fields.once.default('call'),
  enabled: fields.enabled.default(true),
});

export const changeRuleSchema = z
  .strictObject({
    name: fields.name.optional(),
    agents: fields.agents.optional(),
    when: fields.when.optional(),
    once: fields.once.optional(),
    enabled: fields.enabled.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something');

export const listRulesSchema = z.strictObject(pageQuery);

const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const span = {
  /** By default 30 days ago. */
  from: moment.optional(),
  /** By default now. */
  to: moment.optional(),
  cursor: pageQuery.cursor,
};

export const backtestSchema = z.strictObject(span);
export const tryRuleSchema = z.strictObject({ rule: createRuleSchema, ...span });

export type CreateRule = z.infer<typeof createRuleSchema>;
export type ChangeRule = z.infer<typeof changeRuleSchema>;
export type ListRules = z.infer<typeof listRulesSchema>;
export type Backtest = z.infer<typeof backtestSchema>;
export type TryRule = z.infer<typeof tryRuleSchema>;
