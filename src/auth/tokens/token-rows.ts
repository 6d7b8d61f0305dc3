/** Rows of tokens, for those that change them, and what the books say of a change. */
import type { Actor, AuditLog } from '../../audit/audit-log.js';
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import type { Prisma, Token } from '../../database/generated/client.js';

/** Which token is meant; with a tenant, only a token of that tenant. */
export interface TokenWhere {
  readonly id: string;
  readonly tenantId?: TenantId;
  readonly viewedBy?: null;
}

/** Throws `token-not-found`. */
export async function findToken(transaction: Prisma.TransactionClient, where: TokenWhere): Promise<Token> {
  const row = await transaction.token.findFirst({ where });
  if (row === null) throw new Problem('token-not-found', 'There is no token of that id.');
  return row;
}

/** In the platform's book, and in the book of the tenant to which the token belongs. */
export async function recordToken(
  audit: AuditLog,
  transaction: Prisma.TransactionClient,
  actor: Actor,
  action: string,
  { id, tenantId }: Token,
  before: Prisma.InputJsonObject | null,
  after: Prisma.InputJsonObject | null,
): Promise<void> {
  const books = tenantId === null ? [] : [{ tenantId: tenantId as TenantId }];
  await audit.record(transaction, actor, { action, target: id, before, after, books });
}
