/** Which entries of a book are read, as a condition of its query; pure. */
import type { TenantId } from '../common/ids.js';
import type { AuditEntry, Prisma } from '../database/generated/client.js';

/** Which entries are meant; what is undefined does not narrow. `from` is included, `to` is not. */
export interface OwnAuditFilter {
  readonly action?: string | undefined;
  readonly by?: string | undefined;
  readonly target?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** The operator's book can be narrowed to a tenant. */
export type AuditFilter = OwnAuditFilter & { readonly tenant?: TenantId | undefined };

/** Whose book it is; null: the operator's. */
export type BookWhere = Prisma.AuditEntryWhereInput & { readonly tenantId: TenantId | null };

/** Those that stand after it in the list. The first condition is one that an index serves. */
export function beforeEntry({ at, id }: AuditEntry): Prisma.AuditEntryWhereInput[] {
  return [{ at: { lte: at } }, { OR: [{ at: { lt: at } }, { id: { lt: id } }] }];
}

export function whereOf(owner: TenantId | null, { tenant, action, by, target, from, to }: AuditFilter): BookWhere {
  const is = <Name extends string>(name: Name, value: string | undefined) =>
    value === undefined ? {} : { [name]: value };
  const at = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) };
  return {
    tenantId: owner,
    ...is('action', action),
    ...is('by', by),
    ...is('target', target),
    ...(tenant === undefined ? {} : { tenants: { has: tenant } }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
  };
}
