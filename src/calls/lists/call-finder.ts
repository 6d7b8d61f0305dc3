/** Finds one call without what was said in it: for what people do with a call. */
import { Inject, Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import type { CallId, TenantId } from '../../common/ids.js';
import { moment } from '../../common/moment.js';
import { ENV, type Env } from '../../config/env.js';
import { ReadPool } from '../../database/pools.js';
import { RecentlyErased } from '../../events/log/recently-erased.js';
import type { Recording } from '../fold/call-state.js';
import { type CallPhase, asLostAfter, summaryOf } from '../fold/call-view.js';
import { headIn, tenantColumn, tenantIn } from '../projection/call-row.js';
import { CallsService } from './calls.service.js';
import { type Whose, ownerAmong } from './whose.js';

export interface CallStanding {
  readonly tenantId: TenantId | null;
  readonly callId: CallId;
  readonly agent: string;
  readonly state: CallPhase;
  /** Null: nothing says that there is one. */
  readonly recording: Recording | null;
}

/** Calls with the same id that are looked through for the requested one. */
const MAX_OWNERS = 1000;

const ONE = 'SELECT head FROM calls WHERE tenant_id = $1 AND call_id = $2';
const OWNERS = 'SELECT tenant_id FROM calls WHERE call_id = $1 ORDER BY tenant_id LIMIT $2';

@Injectable()
export class CallFinder {
  constructor(
    private readonly pool: ReadPool,
    private readonly calls: CallsService,
    private readonly erased: RecentlyErased,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Undefined: the tenant has no such call, or it was erased. */
  async find(tenantId: TenantId, callId: CallId, patience: Patience): Promise<CallStanding | undefined> {
    await this.calls.settle();
    return this.read(tenantId, callId, patience, tenantId);
  }

  /** Throws `call-not-found`, and `validation` when several tenants have a call of that id. */
  async findAcrossTenants(callId: CallId, whose: Whose, patience: Patience): Promise<CallStanding | undefined> {
    await this.calls.settle();
    const ask = () => this.pool.query<{ tenant_id: string }>(OWNERS, [callId, MAX_OWNERS]);
    const { rows } = await this.pool.ask(null, ask, patience);
    const known = rows.map(({ tenant_id }) => tenantIn(tenant_id));
    return this.read(ownerAmong(known, whose), callId, patience, null);
  }

  /** `payer`: who waits for its turn. */
  private async read(
    tenantId: TenantId | null,
    callId: CallId,
    patience: Patience,
    payer: TenantId | null,
  ): Promise<CallStanding | undefined> {
    const ask = () => this.pool.query<{ head: string }>(ONE, [tenantColumn(tenantId), callId]);
    const [row] = (await this.pool.ask(payer, ask, patience)).rows;
    const head = row && headIn(row.head);
    if (head === undefined || this.erased.concerns([{ tenantId, callId }])) return undefined;
    const { agent, state } = asLostAfter(
      ...([summaryOf(head), head.last.value, moment().getTime(), this.env.callMaxSilenceMs] as const),
    );
    return { tenantId, callId, agent, state, recording: head.recording?.value ?? null };
  }
}
