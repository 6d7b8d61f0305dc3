import { Injectable } from '@nestjs/common';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { Bus } from '../bus/bus.js';
import type { Patience } from '../common/fair-slots.js';
import { TenantId, tenantIdSchema } from '../common/ids.js';
import { Listing } from '../common/page.js';
import { type LimitOverrides, retentionDaysOf } from '../common/limits.js';
import type { AnswerOf } from '../common/operation.js';
import { Problem } from '../common/problem.js';
import { Prisma, type Tenant } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';
import { PrismaService } from '../database/prisma.service.js';
import { TenantErasures } from './tenant-erasures.js';
import type { tenantAnswer } from './tenant-answers.js';
import type { ChangeTenant, CreateTenant } from './tenants.schemas.js';

export type TenantView = AnswerOf<typeof tenantAnswer>;

const LISTING = new Listing('tenants', tenantIdSchema);

@Injectable()
export class TenantsService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
    private readonly audit: AuditLog,
    private readonly erasures: TenantErasures,
    private readonly bus: Bus,
  ) {}

  async create({ tenant, name, limits }: CreateTenant, actor: Actor): Promise<TenantView> {
    try {
      return await this.prisma.$transaction(async (transaction) => {
        const row = await transaction.tenant.create({ data: { id: tenant, name: name ?? tenant, limits } });
        const change = { action: 'tenant.create', target: tenant, before: null, after: factsOf(row) };
        await this.audit.record(transaction, actor, { ...change, books: [{ tenantId: tenant }] });
        await this.erasures.assertFree(transaction, tenant);
        return tenantView(row);
      });
    } catch (error) {
      if (isPrismaError(error, 'P2002')) throw new Problem('tenant-exists', 'There is a tenant of that id already.');
      throw error;
    }
  }

  async listAcrossTenants(
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<{ tenants: TenantView[]; next: string | null }> {
    const after = LISTING.after(cursor, null);
    const where = after === undefined ? {} : { id: { gt: after } };
    const read = ({ tenant }: Prisma.TransactionClient) =>
      tenant.findMany({ where, orderBy: { id: 'asc' }, take: limit + 1 });
    const rows = await this.pool.list(null, read, patience);
    const page = LISTING.page(rows, limit, null, (row) => row.id);
    return { tenants: page.rows.map(tenantView), next: page.next };
  }

  async get(tenantId: TenantId, patience: Patience): Promise<TenantView> {
    const row = await this.pool.list(null, ({ tenant }) => tenant.findUnique({ where: { id: tenantId } }), patience);
    if (row === null) throw notFound();
    return tenantView(row);
  }

  /** Throws `tenant-not-found` unless all of them exist. */
  async assertAllExist(tenantIds: readonly TenantId[], patience: Patience): Promise<void> {
    const unique = [...new Set(tenantIds)];
    const count = ({ tenant }: Prisma.TransactionClient) => tenant.count({ where: { id: { in: unique } } });
    if ((await this.pool.list(null, count, patience)) < unique.length) throw notFound();
  }

  /** How many days each tenant's events are kept. A tenant without such a number is not included. */
  async retentionAcrossTenants(defaultDays: number | undefined): Promise<{ tenantId: TenantId; days: number }[]> {
    const rows = await this.prisma.tenant.findMany({ select: { id: true, limits: true }, orderBy: { id: 'asc' } });
    return rows.flatMap(({ id, limits }) => {
      const days = retentionDaysOf(limits) ?? defaultDays;
      return days === undefined ? [] : [{ tenantId: id as TenantId, days }];
    });
  }

  /**
   * `limits` are merged by name; null unsets one. A change of status or limits reaches every process, and open streams,
   * at once.
   */
  async change(tenantId: TenantId, change: ChangeTenant, actor: Actor): Promise<TenantView> {
    const { name, status, limits } = change;
    const row = await this.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT FROM tenants WHERE id = ${tenantId} FOR UPDATE`;
      const before = await transaction.tenant.findUnique({ where: { id: tenantId } });
      if (before === null) throw notFound();
      const after = await transaction.tenant.update({
        where: { id: tenantId },
        data: {
          ...(name === undefined ? {} : { name }),
          ...(status === undefined ? {} : { status }),
          ...(limits === undefined ? {} : { limits: merged(before.limits as Prisma.JsonObject, limits) }),
        },
      });
      await this.audit.record(transaction, actor, {
        action: 'tenant.change',
        target: tenantId,
        before: factsOf(before),
        after: factsOf(after),
        books: [{ tenantId }],
      });
      return after;
    });
    if (status !== undefined || limits !== undefined)
      this.bus.publish({ kind: 'tenant-changed', tenantId, status: row.status === 'active' ? 'active' : 'suspended' });
    return tenantView(row);
  }

  /** From here on nobody may do anything in the tenant's name, in any process. Throws `tenant-not-found`. */
  async endRights(tenantId: TenantId): Promise<void> {
    const { count } = await this.prisma.tenant.updateMany({ where: { id: tenantId }, data: { status: 'suspended' } });
    if (count === 0) throw notFound();
    this.bus.publish({ kind: 'tenant-changed', tenantId, status: 'deleted' });
  }

  /**
   * Deletes the tenant and the rest of its tokens. Its events and agents are erased elsewhere: see admin/. Throws
   * `tenant-not-found`.
   */
  async delete(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    const { count } = await transaction.tenant.deleteMany({ where: { id: tenantId } });
    if (count === 0) throw notFound();
  }
}

function merged(limits: Prisma.JsonObject, changes: NonNullable<ChangeTenant['limits']>): Prisma.InputJsonObject {
  const all = Object.entries({ ...limits, ...changes });
  return Object.fromEntries(all.filter(([, limit]) => limit !== null && limit !== undefined));
}

export function isPrismaError(error: unknown, code: string): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === code;
}

function notFound(): Problem {
  return new Problem('tenant-not-found', 'There is no tenant of that id.');
}

function factsOf({ name, status, limits }: Tenant): Prisma.InputJsonObject {
  return { name, status, limits: limits };
}

function tenantView(row: Tenant): TenantView {
  return {
    tenant: tenantIdSchema.parse(row.id),
    name: row.name,
    status: row.status === 'active' ? 'active' : 'suspended',
    limits: row.limits as LimitOverrides,
    createdAt: row.createdAt.toISOString(),
  };
}
