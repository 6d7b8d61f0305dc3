/** Live rules as the API has them: of the reader's own, or of one customer. */
import type { Client } from '../api/client.js';
import type { Condition } from './conditions.js';

export interface RuleDraft {
  readonly name: string;
  /** Null: all of them. */
  readonly agents: readonly string[] | null;
  readonly when: Condition;
  readonly once: 'call' | 'each';
}

export interface Rule extends RuleDraft {
  readonly id: string;
  readonly enabled: boolean;
  readonly createdAt: string;
  readonly changedAt: string;
}

export interface RulePage {
  readonly rules: readonly Rule[];
  readonly next: string | null;
}

/** One that many want, ready to be switched on. */
export interface Template extends RuleDraft {
  readonly id: string;
}

/** What a condition of a rule was fulfilled by. */
export interface Because {
  readonly condition: string;
  /** The id of the event in the customer's log. */
  readonly event: string;
  readonly text?: string;
  readonly all?: readonly Because[];
}

export interface Caught {
  readonly callId: string;
  readonly at: string;
  readonly event: string;
  readonly because: Because;
}

export interface BacktestPage {
  readonly fired: readonly Caught[];
  /** Calls that were looked at. */
  readonly calls: number;
  readonly ms: number;
  readonly next: string | null;
}

/** Whose rules they are, and where they and their calls are found. */
export interface RulePlace {
  readonly client: Client;
  /** Where they are listed and written: `/v1/rules`, or a customer's. */
  readonly path: string;
  /** Those that one may choose from; null: too many. */
  readonly agents: readonly string[] | null;
  /** Of a call's page. */
  readonly callHref: (callId: string) => string;
  /** Of the calls in which a rule has fired. */
  readonly callsHref: (rule: string) => string;
  /** Of the page on which `rule.fired` is sent on. */
  readonly webhooksHref: string;
}

const PAGE = 200;
/** As many as a customer may have. */
const MAX_RULES = 1000;

/** All of them, the oldest first. Rejects with a Fault. */
export async function listRules(
  { client, path }: Pick<RulePlace, 'client' | 'path'>,
  signal: AbortSignal,
): Promise<readonly Rule[]> {
  const rules: Rule[] = [];
  for (let cursor: string | undefined; rules.length < MAX_RULES;) {
    const page: RulePage = await client.get(path, { limit: PAGE, cursor }, signal);
    rules.push(...page.rules);
    if (page.next === null) break;
    cursor = page.next;
  }
  return rules;
}
