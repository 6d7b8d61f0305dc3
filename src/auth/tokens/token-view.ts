/** What may be shown of a token to its owner, to support and in the audit. Never its text, which is not stored. */
import type { AnswerOf } from '../../common/operation.js';
import type { Prisma, Token } from '../../database/generated/client.js';
import type { Scope } from '../principal.js';
import type { tokenAnswer } from './token-answers.js';
import type { Narrowing } from './token-mint.js';

export type TokenView = AnswerOf<typeof tokenAnswer>;

/** What support needs to know of a token, without its text. */
export interface TokenFacts {
  readonly id: string;
  readonly tenant: string | null;
  readonly scopes: readonly string[];
  readonly narrowing: { readonly [Name in keyof Narrowing]: readonly string[] | undefined };
  readonly expiresAt: string;
  readonly revokedAt: string | null;
}

export function tokenView(row: Token): TokenView {
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenantId,
    scopes: row.scopes as Scope[],
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}

export function factsOf(row: Token): TokenFacts {
  return { ...tokenView(row), narrowing: row.narrowing as unknown as TokenFacts['narrowing'] };
}

export function auditOf({ name, scopes, expiresAt }: Token): Prisma.InputJsonObject {
  return { name, scopes, expiresAt: expiresAt.toISOString() };
}
