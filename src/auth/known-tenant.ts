import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import type { Prisma } from '../database/generated/client.js';

/** Throws `tenant-not-found`. The platform (null) always exists. */
export async function assertTenant(transaction: Prisma.TransactionClient, tenantId: TenantId | null): Promise<void> {
  if (tenantId !== null && (await transaction.tenant.count({ where: { id: tenantId } })) === 0)
    throw new Problem('tenant-not-found', 'There is no tenant of that id.');
}
