/** Rows of people, for those that change them, and for the links that are made for them. */
import { randomUUID } from 'node:crypto';
import type { Actor } from '../../audit/audit-log.js';
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import type { Person, Prisma } from '../../database/generated/client.js';

/** For whom a link is made. */
export interface NamedPerson {
  readonly name: string;
  /** Undefined: as it is known. */
  readonly email?: string | undefined;
}

/** The person of that name among the tenant's people, who is added if there is none. */
export async function personNamed(
  transaction: Prisma.TransactionClient,
  tenantId: TenantId,
  { name, email }: NamedPerson,
  actor: Actor,
): Promise<{ readonly id: string; readonly name: string }> {
  const [row] = await transaction.$queryRaw<{ id: string; name: string }[]>`
    INSERT INTO people (id, tenant_id, name, email, created_by)
    VALUES (${randomUUID()}, ${tenantId}, ${name}, ${email ?? null}, ${actor.name})
    ON CONFLICT (tenant_id, name) WHERE removed_at IS NULL
    DO UPDATE SET email = COALESCE(EXCLUDED.email, people.email) RETURNING id, name`;
  if (row === undefined) throw new Error('the person was neither found nor added');
  return row;
}

/** Throws `person-not-found`, also for somebody who was removed. */
export async function findPerson(
  transaction: Prisma.TransactionClient,
  tenantId: TenantId,
  id: string,
): Promise<Person> {
  const row = await transaction.person.findFirst({ where: { id, tenantId, removedAt: null } });
  if (row === null) throw new Problem('person-not-found', 'There is no person of that id.');
  return row;
}
