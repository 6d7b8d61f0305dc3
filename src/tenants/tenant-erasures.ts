/**
 * Erasures of tenants that are under way: how far each is. A row lives from the moment at which the tenant's rights end
 * to the one at which nothing of it is left; meanwhile nobody may have its name. Whoever removes a batch holds the row
 * until its commit, so that a batch and the word of it are one thing, and processes do not do the same work twice.
 */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import type { Prisma } from '../database/generated/client.js';
import { PgPool } from '../database/pg-pool.js';
import { ReadPool } from '../database/pools.js';
import { PrismaService } from '../database/prisma.service.js';

export interface TenantErasure {
  readonly tenantId: TenantId;
  readonly begunAt: Date;
  /** Events that there were at its beginning. */
  readonly events: number;
  readonly erased: number;
  /** What is being removed now. */
  readonly step: string;
  /** How far that is, in its own terms; null: it has not begun. */
  readonly cursor: string | null;
}

export interface TenantErasureView {
  readonly tenant: TenantId;
  readonly since: string;
  readonly step: string;
  readonly events: number;
  readonly erased: number;
}

/** Of all that are under way together. */
export interface ErasureProgress {
  readonly tenants: number;
  readonly events: number;
  readonly erased: number;
}

interface Row {
  tenant_id: TenantId;
  begun_at: Date;
  events: bigint;
  erased: bigint;
  step: string;
  cursor: string | null;
}

const PROGRESS = `SELECT count(*) AS tenants, sum(events)::int8 AS events, sum(erased)::int8 AS erased FROM tenant_erasures
  HAVING count(*) > 0`;

@Injectable()
export class TenantErasures {
  constructor(
    private readonly prisma: PrismaService,
    private readonly control: PgPool,
    private readonly pool: ReadPool,
  ) {}

  async begin(transaction: Prisma.TransactionClient, tenantId: TenantId, events: number): Promise<void> {
    await transaction.tenantErasure.create({ data: { tenantId, events } });
  }

  /** One that nobody works at, to the end of the transaction: the one of which least is left. */
  async claim(transaction: Prisma.TransactionClient): Promise<TenantErasure | undefined> {
    const rows = await transaction.$queryRaw<Row[]>`SELECT * FROM tenant_erasures
      ORDER BY events - erased, begun_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
    return rows.map(erasureOf)[0];
  }

  /** Within the transaction that has {@link claim}ed it. */
  async move(
    transaction: Prisma.TransactionClient,
    { tenantId, step, cursor, erased }: Pick<TenantErasure, 'tenantId' | 'step' | 'cursor' | 'erased'>,
  ): Promise<void> {
    await transaction.tenantErasure.update({ where: { tenantId }, data: { step, cursor, erased } });
  }

  /** Frees the name, within the transaction that has {@link claim}ed it. */
  async end(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    await transaction.tenantErasure.delete({ where: { tenantId } });
  }

  async isUnderWay(tenantId: TenantId): Promise<boolean> {
    return (await this.prisma.tenantErasure.count({ where: { tenantId } })) > 0;
  }

  /**
   * Throws `tenant-exists` while a tenant of that name is being erased. To be asked after the new row was inserted:
   * that waited for an erasure which was about to begin.
   */
  async assertFree(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    const row = await transaction.tenantErasure.findUnique({ where: { tenantId } });
    if (row === null) return;
    const detail = 'A tenant of that name is being erased; its name is free when nothing of it is left.';
    throw new Problem('tenant-exists', detail, { events: Number(row.events), erased: Number(row.erased) });
  }

  /** For everybody: names nobody. Undefined: none is under way. */
  async progress(): Promise<ErasureProgress | undefined> {
    const { rows } = await this.control.query<ErasureProgress>(PROGRESS);
    return rows[0];
  }

  /** All that are under way, the oldest first. */
  async listAcrossTenants(patience: Patience): Promise<TenantErasureView[]> {
    const read = ({ tenantErasure }: Prisma.TransactionClient) =>
      tenantErasure.findMany({ orderBy: { begunAt: 'asc' } });
    const rows = await this.pool.list(null, read, patience);
    return rows.map(({ tenantId, begunAt, step, events, erased }) => ({
      ...{ tenant: tenantId as TenantId, since: begunAt.toISOString(), step },
      ...{ events: Number(events), erased: Number(erased) },
    }));
  }
}

function erasureOf({ tenant_id, begun_at, events, erased, step, cursor }: Row): TenantErasure {
  const counts = { events: Number(events), erased: Number(erased) };
  return { tenantId: tenant_id, begunAt: begun_at, ...counts, step, cursor };
}
