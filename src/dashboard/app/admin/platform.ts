/** What the operator's API answers, as the page reads it. */
import { cookieClient } from '../api/client.js';

export interface Tenant {
  readonly tenant: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  readonly limits: Readonly<Partial<Record<string, number>>>;
  readonly createdAt: string;
}

export interface Agent {
  readonly agent: string;
  /** Null: nobody's. */
  readonly tenant: string | null;
  readonly since: string | null;
}

/** Somebody of a customer who signs in by links. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  /** A link can be mailed to it. */
  readonly canMail: boolean;
  /** In how many browsers. */
  readonly sessions: number;
  readonly lastSeenAt: string | null;
}

/** Somebody of a customer who asked for a new sign-in link. */
export interface LinkRequest {
  readonly id: string;
  readonly tenant: string;
  /** Null: nobody by name. */
  readonly person: string | null;
  readonly askedAt: string;
  readonly mailedAt: string | null;
}

const PAGE = 500;

/** Everything of a list, page by page. Rejects with a Fault. */
export async function listAll<Row>(
  path: string,
  name: string,
  signal: AbortSignal,
  query: Readonly<Record<string, string>> = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | undefined; ;) {
    type Answer = Readonly<Record<string, readonly Row[]>> & { readonly next: string | null };
    const answer: Answer = await cookieClient.get(path, { ...query, limit: PAGE, cursor }, signal);
    rows.push(...(answer[name] ?? []));
    if (answer.next === null) return rows;
    cursor = answer.next;
  }
}

export const listTenants = (signal: AbortSignal) => listAll<Tenant>('/v1/admin/tenants', 'tenants', signal);
export const listAgents = (signal: AbortSignal) => listAll<Agent>('/v1/admin/agents', 'agents', signal);
