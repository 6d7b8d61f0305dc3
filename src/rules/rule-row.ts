/** A rule as it is stored. */
import type { Rule as Row } from '../database/generated/client.js';
import { conditionSchema } from './condition.js';
import type { Rule } from './rule-set.js';

export interface RuleView {
  readonly id: string;
  readonly name: string;
  readonly agents: readonly string[] | null;
  readonly when: unknown;
  readonly once: string;
  readonly enabled: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly changedAt: string;
}

export function ruleView({ id, name, agents, when, once, enabled, version, createdAt, changedAt }: Row): RuleView {
  return {
    id,
    name,
    agents: agents.length === 0 ? null : agents,
    when,
    once,
    enabled,
    version,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}

/** Undefined: a later version wrote it, and this one does not understand it. */
export function ruleOf({ id, name, agents, when, once, since }: StoredRule): Rule | undefined {
  const condition = conditionSchema.safeParse(when);
  if (!condition.success) return undefined;
  return { id, name, agents, when: condition.data, once: once === 'each' ? 'each' : 'call', since: Number(since) };
}

export type StoredRule = Pick<Row, 'id' | 'name' | 'agents' | 'when' | 'once'> & { readonly since: number | bigint };
