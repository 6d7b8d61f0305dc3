/**
 * Erasures of tenants that are under way, and how far each is. A row lives from the moment when the tenant's rights end
 * until nothing of the tenant is left. Meanwhile nobody may take its name. A process that removes a batch holds the row
 * until its commit. So a batch and its record are one transaction, and processes do not do the same work twice.
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
  /** Events that the tenant had at the beginning. */
  readonly events: number;
  readonly erased: number;
  /** What is being removed now. */
  readonly step: string;
  /** How far this step is, in its own terms; null: it has not begun. */
  readonly cursor: string | null;
}

export interface TenantErasureView {
  readonly tenant: TenantId;
  readonly since: string;
  readonly step: string;
  readonly events: number;
  readonly erased: number;
}

/** The progress of all erasures together. */
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

  /** Claims, until the end of the transaction, an erasure that nobody works at: the one with the least left. */
  async claim(transaction: Prisma.TransactionClient): Promise<TenantErasure | undefined> {
    const rows = await transaction.$queryRaw<Row[]>`SELECT * FROM tenant_erasures
      ORDER BY events - erased, begun_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
    return rows.map(erasureOf)[0];
  }

  /** Call it within the transaction that has {@link claim}ed the erasure. */
  async move(
    transaction: Prisma.TransactionClient,
    { tenantId, step, cursor, erased }: Pick<TenantErasure, 'tenantId' | 'step' | 'cursor' | 'erased'>,
  ): Promise<void> {
    await transaction.tenantErasure.update({ where: { tenantId }, data: { step, cursor, erased } });
  }

  /** Frees the id, within the transaction that has {@link claim}ed the erasure. */
  async end(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    await transaction.tenantErasure.delete({ where: { tenantId } });
  }

  async isUnderWay(tenantId: TenantId): Promise<boolean> {
    return (await this.prisma.tenantErasure.count({ where: { tenantId } })) > 0;
  }

  /**
   * Throws `tenant-exists` while a tenant of that id is being erased. Call it after the new row was inserted, because
   * the insert waits for an erasure that is about to begin.
   */
  async assertFree(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    const row = await transaction.tenantErasure.findUnique({ where: { tenantId } });
    if (row === null) return;
    const detail = 'The tenant of that id is being erased; the id is free when nothing of it is left.';
    throw new Problem('tenant-exists', detail, { events: Number(row.events), erased: Number(row.erased) });
  }

  /** For everybody: it names no tenant. Undefined: no erasure is under way. */
  async progress(): Promise<ErasureProgress | undefined> {
    const { rows } = await this.control.query<ErasureProgress>(PROGRESS);
    return rows[0];
  }

  /** All erasures that are under way, the oldest first. */
  async listAcrossTenants(patience: Patience): Promise<TenantErasureView[]> {
    const read = ({ tenantErasure }: Prisma.TransactionClient) =>
      tenantErasure.findMany({ orderBy: { begunAt: 'asc' } });
    const rows = await this.pool.list(null, read, patience);
    return rows.map(({ tenantId, begunAt, step, events, erased }) => ({
      tenant: tenantId as TenantId,
      since: begunAt.toISOString(),
      step,
      events: Number(events),
      erased: Number(erased),
    }));
  }
}

function erasureOf({ tenant_id, begun_at, events, erased, step, cursor }: Row): TenantErasure {
  const counts = { events: Number(events), erased: Number(erased) };
  return { tenantId: tenant_id, begunAt: begun_at, ...counts, step, cursor };
}
