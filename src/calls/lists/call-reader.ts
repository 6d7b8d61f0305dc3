/**
 * Reads calls: one tenant's, or across tenants where the name says so. An answer and its cursor come from one snapshot.
 */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import type { CallId, TenantId } from '../../common/ids.js';
import { type Run, SNAPSHOT } from '../../database/pg-pool.js';
import { ReadPool } from '../../database/pools.js';
import { tenantCursorAt } from '../../events/log/log-fragments.js';
import { looksBeyondDates } from './call-narrowing.js';
import { type CallRow, type Listed as ListedPage, listed, searched, untilNull } from './call-listing.js';
import {
  type CallFilter,
  type ListPage,
  type PartCursor,
  type PlatformCallFilter,
  listQuery,
  listQueryAcrossTenants,
  partsQuery,
  scopeAcrossTenants,
  scopeOf,
} from './call-query.js';
import { sortedQuery } from './call-sorting.js';
import type { CallState } from '../fold/call-state.js';
import { headIn, partsIn, tenantColumn, tenantIn } from '../projection/call-row.js';
import { type Whose, ownerAmong } from './whose.js';

export interface Listed extends ListedPage {
  /** The number up to which this is complete, in the tenant's log or in the platform's. */
  readonly cursor: number;
}

export interface ReadCall {
  readonly tenantId: TenantId | null;
  /** With the parts of one page. */
  readonly state: CallState;
  /** The part before which the page before this one ends; null: there is no such page. */
  readonly earlier: PartCursor | null;
  readonly quarantined: boolean;
  readonly cursor: number;
}

interface PartRow {
  key: string;
  seq: number;
  state: string | null;
}

/** Calls with the same id that are looked through for the requested one. */
const MAX_OWNERS = 1000;

const POSITION = `SELECT position AS cursor FROM projections WHERE name = 'calls'`;
/** The tenant's last number that the projection has read. */
const SEQ = `SELECT ${tenantCursorAt('$1', 'p.position')} AS cursor FROM projections p WHERE p.name = 'calls'`;
const ONE = `SELECT c.*, EXISTS (SELECT FROM quarantined_calls q
  WHERE q.tenant_id = c.tenant_id AND q.call_id = c.call_id) AS quarantined FROM calls c
  WHERE c.tenant_id = $1 AND c.call_id = $2`;

@Injectable()
export class CallReader {
  constructor(private readonly pool: ReadPool) {}

  /** At most this many calls, newest first; fewer if they are large. */
  list(tenantId: TenantId, filter: CallFilter, page: ListPage, patience: Patience): Promise<Listed> {
    return this.ask(tenantId, looksFar(filter), patience, async (run) => {
      const read = await seqOf(run, tenantId);
      const found = await searched(run, scopeOf(tenantId), filter, page);
      const more = { ...page, limit: page.limit + 1 };
      const query = found?.query ?? sortedQuery(scopeOf(tenantId), filter, more) ?? listQuery(tenantId, filter, more);
      return { cursor: read, ...(await listed(run, query, filter, page.limit, found?.reached)) };
    });
  }

  listAcrossTenants(filter: PlatformCallFilter, page: ListPage, patience: Patience): Promise<Listed> {
    return this.ask(null, looksFar(filter), patience, async (run) => {
      const read = await positionOf(run);
      const scope = scopeAcrossTenants(filter);
      const found = await searched(run, scope, filter, page);
      const more = { ...page, limit: page.limit + 1 };
      const query = found?.query ?? sortedQuery(scope, filter, more) ?? listQueryAcrossTenants(filter, more);
      return { cursor: read, ...(await listed(run, query, filter, page.limit, found?.reached)) };
    });
  }

  /** With the newest of its parts, or those before a given one. Undefined for a call that is not this tenant's. */
  read(
    tenantId: TenantId,
    callId: CallId,
    before: PartCursor | null,
    patience: Patience,
  ): Promise<ReadCall | undefined> {
    return this.ask(tenantId, false, patience, async (run) => {
      const cursor = await seqOf(run, tenantId);
      const { rows } = await run<WholeRow>(ONE, [tenantId, callId]);
      return pageOf(run, rows[0], before, cursor);
    });
  }

  /** Throws `call-not-found`, and `validation` when several tenants have a call of that id. */
  readAcrossTenants(
    callId: CallId,
    whose: Whose,
    before: PartCursor | null,
    patience: Patience,
  ): Promise<ReadCall | undefined> {
    return this.ask(null, false, patience, async (run) => {
      const cursor = await positionOf(run);
      const owners = 'SELECT tenant_id FROM calls WHERE call_id = $1 ORDER BY tenant_id LIMIT $2';
      const known = await run<{ tenant_id: string }>(owners, [callId, MAX_OWNERS]);
      const owner = ownerAmong(
        known.rows.map(({ tenant_id }) => tenantIn(tenant_id)),
        whose,
      );
      const { rows } = await run<WholeRow>(ONE, [tenantColumn(owner), callId]);
      return pageOf(run, rows[0], before, cursor);
    });
  }

  /** Waits for the tenant's turn; null: the operator's. */
  private ask<Value>(
    tenantId: TenantId | null,
    isLong: boolean,
    patience: Patience,
    work: (run: Run) => Promise<Value>,
  ): Promise<Value> {
    const read = () => this.pool.transaction(work, SNAPSHOT);
    return isLong ? this.pool.askMuch(tenantId, read, patience) : this.pool.ask(tenantId, read, patience);
  }
}

interface WholeRow extends CallRow {
  head: string;
  quarantined: boolean;
}

async function pageOf(
  run: Run,
  row: WholeRow | undefined,
  before: PartCursor | null,
  cursor: number,
): Promise<ReadCall | undefined> {
  const head = row && headIn(row.head);
  if (row === undefined || head === undefined) return undefined;
  const { text, values } = partsQuery(row.tenant_id, row.call_id, before);
  const { rows } = await run<PartRow>(text, values);
  const texts = untilNull(rows.map(({ state }) => state));
  const oldest = texts.length < rows.length ? rows[texts.length - 1] : undefined;
  return {
    tenantId: tenantIn(row.tenant_id),
    state: { ...head, parts: partsIn(texts) },
    earlier: oldest === undefined ? null : { seq: oldest.seq, key: oldest.key },
    quarantined: row.quarantined,
    cursor,
  };
}

/** True when matches may be far from the newest call. */
function looksFar({ agents, search, narrowing, sort }: CallFilter): boolean {
  return sort !== 'newest' || agents !== null || search !== null || looksBeyondDates(narrowing);
}

async function seqOf(run: Run, tenantId: TenantId): Promise<number> {
  return cursorIn(await run<{ cursor: number }>(SEQ, [tenantId]));
}

async function positionOf(run: Run): Promise<number> {
  return cursorIn(await run<{ cursor: number }>(POSITION));
}

function cursorIn({ rows }: { rows: { cursor: number }[] }): number {
  return rows[0]?.cursor ?? 0;
}
