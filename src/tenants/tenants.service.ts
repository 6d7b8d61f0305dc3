import { Injectable } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { TenantId, tenantIdSchema } from '../common/ids.js';
import { toPage } from '../common/page.js';
import { Problem } from '../common/problem.js';
import { Prisma, type Tenant } from '../database/generated/client.js';
import { PrismaService } from '../database/prisma.service.js';
import type { ChangeTenant, CreateTenant } from './tenants.schemas.js';

export interface TenantView {
  readonly tenant: TenantId;
  readonly name: string;
  readonly status: string;
  readonly limits: Prisma.JsonValue;
  readonly createdAt: string;
}

@Injectable()
export class TenantsService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly bus: Bus,
  ) {}

  async create({ tenant, name, limits }: CreateTenant): Promise<TenantView> {
    try {
      return viewOf(await this.prisma.tenant.create({ data: { id: tenant, name: name ?? tenant, limits } }));
    } catch (error) {
      if (isPrismaError(error, 'P2002')) throw new Problem('tenant-exists', 'There is a tenant of that name already.');
      throw error;
    }
  }

  async listAcrossTenants(
    limit: number,
    cursor: string | undefined,
  ): Promise<{ tenants: TenantView[]; next: string | null }> {
    const rows = await this.prisma.tenant.findMany({
      where: cursor === undefined ? {} : { id: { gt: cursor } },
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    const page = toPage(rows, limit, (row) => row.id);
    return { tenants: page.rows.map(viewOf), next: page.next };
  }

  async get(tenantId: TenantId): Promise<TenantView> {
    const row = await this.prisma.tenant.findUnique({ where: { id: tenantId } });
    if (row === null) throw notFound();
    return viewOf(row);
  }

  /** `limits` are merged by name. A change of status reaches open streams at once. */
  async change(tenantId: TenantId, change: ChangeTenant): Promise<TenantView> {
    const before = await this.get(tenantId);
    const { name, status, limits } = change;
    const row = await this.prisma.tenant.update({
      where: { id: tenantId },
      data: {
        ...(name === undefined ? {} : { name }),
        ...(status === undefined ? {} : { status }),
        ...(limits === undefined ? {} : { limits: { ...(before.limits as Prisma.JsonObject), ...limits } }),
      },
    });
    if (status !== undefined) this.bus.publish({ kind: 'tenant-changed', tenantId, status });
    return viewOf(row);
  }

  /** With its tokens. Its events and agents are others' to erase: see admin/. Throws `tenant-not-found`. */
  async delete(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<void> {
    const { count } = await transaction.tenant.deleteMany({ where: { id: tenantId } });
    if (count === 0) throw notFound();
  }
}

export function isPrismaError(error: unknown, code: string): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === code;
}

function notFound(): Problem {
  return new Problem('tenant-not-found', 'There is no tenant of that name.');
}

function viewOf(row: Tenant): TenantView {
  return {
    tenant: tenantIdSchema.parse(row.id),
    name: row.name,
    status: row.status,
    limits: row.limits,
    createdAt: row.createdAt.toISOString(),
  };
}
