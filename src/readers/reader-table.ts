/** Where readers are: every statement on `log_readers` and `reader_shards`. */
import { Injectable } from '@nestjs/common';
import type { TenantId } from '../common/ids.js';
import type { Prisma } from '../database/generated/client.js';
import type { Run } from '../database/pg-pool.js';
import { ReaderPool } from '../database/pools.js';
import { lastSeqOf } from '../events/log/log-fragments.js';
import type { ReaderName } from './reader-kind.js';
import { shardOf } from './reader-shards.js';

export interface ReaderRow extends ReaderName {
  readonly cursor: number;
  readonly trying: number | null;
  readonly tries: number;
  /** The tenant's last number. */
  readonly head: number;
}

/** A reader as it is shown. */
export interface ReaderView {
  readonly name: string;
  readonly cursor: number;
  /** Numbers of the tenant's log that the reader has not passed. */
  readonly behind: number;
  readonly skipped: number;
  readonly lastSkipped: Prisma.JsonValue;
}

/** How far a reader moves. */
export interface Move extends ReaderName {
  readonly from: number;
  readonly to: number;
  /** Why an event is passed over, if one is. */
  readonly skipped?: string | undefined;
}

/** Readers that one statement finds. */
const BATCH = 5000;

const LAST_SEQ = lastSeqOf('r.tenant_id');
const COLUMNS = `r.kind, r.tenant_id AS "tenantId", r.name, r.cursor, r.trying, r.tries, coalesce(${LAST_SEQ}, 0) AS head`;
const FROM = `FROM log_readers r JOIN tenants t ON t.id = r.tenant_id AND t.status = 'active' WHERE r.runs`;
const OF_SHARD = `SELECT ${COLUMNS} ${FROM} AND r.shard = $1 AND (r.tenant_id, r.kind, r.name) > ($2, $3, $4)
  ORDER BY r.tenant_id, r.kind, r.name LIMIT ${BATCH}`;
const OF_TENANT = `SELECT ${COLUMNS} ${FROM} AND r.tenant_id = $1`;
const BEHIND = `SELECT ${COLUMNS} ${FROM} AND r.shard = ANY ($1::int[]) AND ${LAST_SEQ} > r.cursor LIMIT ${BATCH}`;
const SUSPENDED = `SELECT id FROM tenants WHERE status <> 'active'`;
/**
 * Only a reader that is still at the expected place moves. Then nobody else has read for it, or set it elsewhere,
 * meanwhile.
 */
const MOVE = `UPDATE log_readers r SET cursor = m.target, trying = NULL, tries = 0,
    skipped = r.skipped + (m.reason IS NOT NULL)::int,
    last_skipped = CASE WHEN m.reason IS NULL THEN r.last_skipped
      ELSE jsonb_build_object('event', m.target::text, 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'reason', m.reason) END
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])
    AS m(kind, tenant_id, name, origin, target, reason)
  WHERE r.kind = m.kind AND r.tenant_id = m.tenant_id AND r.name = m.name AND r.cursor = m.origin AND r.runs
  RETURNING r.kind, r.tenant_id AS "tenantId", r.name`;
const TRY = `UPDATE log_readers SET tries = CASE WHEN trying = $4 THEN tries + 1 ELSE 1 END, trying = $4
  WHERE kind = $1 AND tenant_id = $2 AND name = $3 RETURNING tries`;
const TAKE_SHARD = `WITH before AS (SELECT is_held FROM reader_shards WHERE shard = $1), taken AS (
    INSERT INTO reader_shards (shard, is_held) VALUES ($1, true) ON CONFLICT (shard) DO UPDATE SET is_held = true)
  SELECT is_held AS "isHeld" FROM before`;
const LEAVE_SHARD = 'UPDATE reader_shards SET is_held = false WHERE shard = $1';

@Injectable()
export class ReaderTable {
  constructor(private readonly pool: ReaderPool) {}

  /** The readers of a shard's active tenants that do not rest, batch by batch. */
  async ofShard(shard: number, take: (rows: readonly ReaderRow[]) => void): Promise<void> {
    for (let last: ReaderName | undefined, size = BATCH; size === BATCH;) {
      const values = [shard, last?.tenantId ?? '', last?.kind ?? '', last?.name ?? ''];
      const { rows }: { rows: ReaderRow[] } = await this.pool.query<ReaderRow>(OF_SHARD, values);
      take(rows);
      [last, size] = [rows.at(-1), rows.length];
    }
  }

  async ofTenant(tenantId: TenantId): Promise<ReaderRow[]> {
    return (await this.pool.query<ReaderRow>(OF_TENANT, [tenantId])).rows;
  }

  /** The readers that have something to read. */
  async behind(shards: readonly number[]): Promise<ReaderRow[]> {
    return (await this.pool.query<ReaderRow>(BEHIND, [shards])).rows;
  }

  async suspendedTenants(): Promise<ReadonlySet<string>> {
    return new Set((await this.pool.query<{ id: string }>(SUSPENDED)).rows.map(({ id }) => id));
  }

  /** The readers that have moved. The others have another place, rest or are gone. */
  async move(run: Run, moves: readonly Move[]): Promise<ReaderName[]> {
    const column = <Key extends keyof Move>(key: Key) => moves.map((move) => move[key] ?? null);
    const { rows } = await run<ReaderName>(MOVE, [
      column('kind'),
      column('tenantId'),
      column('name'),
      column('from'),
      column('to'),
      column('skipped'),
    ]);
    return rows;
  }

  /** Records that an event is begun, before the work on it. Returns how often it was begun. */
  async begin({ kind, tenantId, name }: ReaderName, seq: number): Promise<number> {
    const { rows } = await this.pool.query<{ tries: number }>(TRY, [kind, tenantId, name, seq]);
    return rows[0]?.tries ?? 1;
  }

  /** True when the process that read for the shard before did not end properly. */
  async takeShard(shard: number): Promise<boolean> {
    const { rows } = await this.pool.query<{ isHeld: boolean }>(TAKE_SHARD, [shard]);
    return rows[0]?.isHeld ?? false;
  }

  async leaveShard(shard: number): Promise<void> {
    await this.pool.query(LEAVE_SHARD, [shard]);
  }

  async create(
    transaction: Prisma.TransactionClient,
    { kind, tenantId, name }: ReaderName,
    cursor: number,
  ): Promise<void> {
    const data = { kind, tenantId, name, shard: shardOf(tenantId), cursor: BigInt(cursor) };
    await transaction.logReader.create({ data });
  }

  async remove(transaction: Prisma.TransactionClient, { kind, tenantId, name }: ReaderName): Promise<void> {
    await transaction.logReader.deleteMany({ where: { kind, tenantId, name } });
  }

  /** Take it before rows of the kind's own tables, in the same order as commits do. */
  async lock(transaction: Prisma.TransactionClient, { kind, tenantId, name }: ReaderName): Promise<void> {
    await transaction.$queryRaw`SELECT FROM log_readers
      WHERE kind = ${kind} AND tenant_id = ${tenantId} AND name = ${name} FOR UPDATE`;
  }

  /** Sets where the reader goes on, or whether it rests. */
  async change(
    transaction: Prisma.TransactionClient,
    { kind, tenantId, name }: ReaderName,
    { cursor, runs }: { readonly cursor?: number; readonly runs?: boolean },
  ): Promise<void> {
    await transaction.logReader.updateMany({
      where: { kind, tenantId, name },
      data: {
        ...(cursor === undefined ? {} : { cursor: BigInt(cursor), trying: null, tries: 0 }),
        ...(runs === undefined ? {} : { runs }),
      },
    });
  }

  /** The reader goes on after this number, or where it is if that comes before. */
  async goBack(
    transaction: Prisma.TransactionClient,
    { kind, tenantId, name }: ReaderName,
    cursor: number,
  ): Promise<void> {
    await transaction.$executeRaw`UPDATE log_readers SET cursor = least(cursor, ${cursor}::bigint), trying = NULL, tries = 0
      WHERE kind = ${kind} AND tenant_id = ${tenantId} AND name = ${name}`;
  }

  /** Those of a tenant's readers of a kind that have these names. */
  async views(
    transaction: Prisma.TransactionClient,
    tenantId: TenantId,
    kind: string,
    names: readonly string[],
  ): Promise<ReadonlyMap<string, ReaderView>> {
    const head = await transaction.tenantHead.findUnique({ where: { tenantId } });
    const rows = await transaction.logReader.findMany({ where: { kind, tenantId, name: { in: [...names] } } });
    const last = Number(head?.seq ?? 0n);
    return new Map(
      rows.map(({ name, cursor, skipped, lastSkipped }) => {
        const behind = Math.max(0, last - Number(cursor));
        return [name, { name, cursor: Number(cursor), behind, skipped, lastSkipped }];
      }),
    );
  }
}
