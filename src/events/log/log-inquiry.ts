/** What support asks the log: facts about single events and calls, without what was said in them. */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import type { AgentName, CallId, TenantId } from '../../common/ids.js';
import { BackgroundPool, ReadPool } from '../../database/pools.js';
import type { CallName } from './event.js';

/** An event's stamps. */
export interface EventFacts {
  readonly position: number;
  readonly tenantId: TenantId | null;
  readonly seq: number | null;
  readonly callId: CallId | null;
  readonly agent: AgentName;
  readonly type: string;
  readonly at: Date;
}

/** A tenant's call, with the time since when it has events of an agent. */
export interface CallFacts {
  readonly tenantId: TenantId | null;
  readonly agent: AgentName;
  readonly firstPosition: number;
}

export interface UnfinishedCall {
  readonly callId: string;
  readonly agent: string;
}

/** The types that end a conversation (Pinecall's types). */
const ENDINGS = ['call.ended', 'whatsapp.sessionEnded'];
/** The tenant's newest calls are looked through. A call that began before so many others is over. */
const MAX_RECENT_CALLS = 5000;
const MAX_LISTED = 100;

const IN_PROGRESS = `SELECT call_id FROM
  (SELECT call_id, agent, first_position FROM call_tenants WHERE tenant_id = $1 AND erased_at IS NULL
    ORDER BY first_position DESC LIMIT $3) c
  WHERE agent = $2
    AND NOT EXISTS (SELECT FROM events e WHERE e.call_id = c.call_id AND e.tenant_id = $1 AND e.type = ANY ($4))
  GROUP BY call_id, first_position
  ORDER BY first_position DESC LIMIT $5`;

/** Calls that began within these hours. An older one counts as lost without this. */
const UNFINISHED_HOURS = 5;
const UNFINISHED = `SELECT DISTINCT c.call_id AS "callId", c.agent FROM call_tenants c
  WHERE c.first_position > (SELECT log_since(NULL, now() - ${UNFINISHED_HOURS} * interval '1 hour'))
    AND c.call_id ~ $1 AND c.agent = ANY ($2) AND c.by_platform AND c.erased_at IS NULL
    AND NOT EXISTS (SELECT FROM events e
      WHERE e.call_id = c.call_id AND e.tenant_id IS NOT DISTINCT FROM nullif(c.tenant_id, '') AND e.type = ANY ($3))`;

const CALL = `SELECT nullif(tenant_id, '') AS "tenantId", agent, first_position AS "firstPosition" FROM call_tenants
  WHERE call_id = $1 AND tenant_id = $2 AND agent = $3 AND erased_at IS NULL ORDER BY first_position LIMIT 1`;
const FROM_SOURCE = `SELECT FROM call_tenants WHERE call_id = $1 AND tenant_id = $2 AND agent = $3 AND by_platform
  AND NOT EXISTS (SELECT FROM call_tenants x WHERE x.call_id = $1 AND x.tenant_id = $2 AND x.erased_at IS NOT NULL)`;
const FIRST_OF_CALL = `SELECT first_position AS "firstPosition" FROM call_tenants
  WHERE call_id = $1 ORDER BY tenant_id = $2 DESC, first_position LIMIT 1`;
const TENANTS_OF_CALL = `SELECT nullif(tenant_id, '') AS "tenantId" FROM call_tenants WHERE call_id = $1
  GROUP BY tenant_id HAVING count(erased_at) = 0 ORDER BY tenant_id LIMIT $2`;

@Injectable()
export class LogInquiry {
  constructor(
    private readonly pool: ReadPool,
    private readonly background: BackgroundPool,
  ) {}

  async eventAcrossTenants(position: number, patience: Patience): Promise<EventFacts | undefined> {
    const text = `SELECT position, tenant_id AS "tenantId", seq, call_id AS "callId", agent, type, at
      FROM events WHERE position = $1`;
    const { rows } = await this.pool.ask(null, () => this.pool.query<EventFacts>(text, [position]), patience);
    return rows[0];
  }

  /** Undefined when the call was erased, or is not known. */
  async callAcrossTenants(
    { tenantId, callId }: CallName,
    agent: AgentName,
    patience: Patience,
  ): Promise<CallFacts | undefined> {
    const values = [callId, tenantId ?? '', agent];
    const { rows } = await this.pool.ask(null, () => this.pool.query<CallFacts>(CALL, values), patience);
    return rows[0];
  }

  /**
   * True if the platform itself brought this call of the tenant in, under this agent, and it was not erased. A call
   * that a tenant's own token sent may have any id, also one of an upstream's call that is another tenant's.
   */
  async isFromSource({ tenantId, callId }: CallName, agent: string, patience: Patience): Promise<boolean> {
    const ask = () => this.pool.query(FROM_SOURCE, [callId, tenantId ?? '', agent]);
    return (await this.pool.ask(tenantId, ask, patience)).rows.length > 0;
  }

  /** Position of the first event of a call: of the tenant's if it has one of that id, else of whoever has. */
  async firstOfCallAcrossTenants(callId: CallId, tenantId: TenantId, patience: Patience): Promise<number | undefined> {
    const ask = () => this.pool.query<{ firstPosition: number }>(FIRST_OF_CALL, [callId, tenantId]);
    return (await this.pool.ask(null, ask, patience)).rows[0]?.firstPosition;
  }

  /** The tenants that have a call with this id. Null among them means nobody. */
  async tenantsOfCallAcrossTenants(callId: CallId, patience: Patience): Promise<(TenantId | null)[]> {
    const ask = () => this.pool.query<{ tenantId: TenantId | null }>(TENANTS_OF_CALL, [callId, MAX_LISTED]);
    const { rows } = await this.pool.ask(null, ask, patience);
    return rows.map(({ tenantId }) => tenantId);
  }

  /**
   * Calls of these agents, of any tenant, that began lately and have not ended, and whose id matches `id` (a regular
   * expression).
   */
  async unfinishedAcrossTenants(id: string, agents: readonly string[]): Promise<UnfinishedCall[]> {
    const { rows } = await this.background.query<UnfinishedCall>(UNFINISHED, [id, agents, ENDINGS]);
    return rows;
  }

  /** The tenant's calls with this agent that have not ended, newest first. */
  async callsInProgress(tenantId: TenantId, agent: AgentName, patience: Patience): Promise<CallId[]> {
    const values = [tenantId, agent, MAX_RECENT_CALLS, ENDINGS, MAX_LISTED];
    const ask = () => this.pool.query<{ call_id: CallId }>(IN_PROGRESS, values);
    const { rows } = await this.pool.askMuch(null, ask, patience);
    return rows.map(({ call_id }) => call_id);
  }
}
