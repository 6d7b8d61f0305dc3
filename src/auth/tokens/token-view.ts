/** What may be shown of a token to its owner, to support and in the audit. Never its text, which is not stored. */
import { earlier } from '../../common/moment.js';
import type { AnswerOf } from '../../common/operation.js';
import type { Prisma, Token } from '../../database/generated/client.js';
import type { Principal, Scope } from '../principal.js';
import type { tokenAnswer, tokenPage } from './token-answers.js';
import type { Narrowing } from './token-mint.js';

export type TokenView = AnswerOf<typeof tokenAnswer>;

type ListedToken = AnswerOf<typeof tokenPage>['tokens'][number];

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

type End = Pick<Token, 'expiresAt' | 'revokedAt' | 'lastUsedAt'>;

/**
 * As a list shows it to who asks. An API token with a parent is a tab's, unless an admin looks through it; what counts
 * for it is when its session ends, and was used.
 */
export function listedToken(row: Token & { parent: End | null }, { tokenId, parentTokenId }: Principal): ListedToken {
  const signIn = row.kind === 'api' && row.parentId !== null && row.viewedBy === null;
  const current = row.id === tokenId || row.id === parentTokenId || row.parentId === tokenId;
  const shown = signIn && row.parent !== null ? { ...row, ...endOfBoth(row, row.parent) } : row;
  return { ...tokenView(shown), signIn, current };
}

function endOfBoth(tab: End, session: End): End {
  const used = [tab.lastUsedAt, session.lastUsedAt].filter((at) => at !== null);
  return {
    expiresAt: earlier(tab.expiresAt, session.expiresAt),
    revokedAt: tab.revokedAt ?? session.revokedAt,
    lastUsedAt: used.length === 0 ? null : used.reduce((one, other) => (one > other ? one : other)),
  };
}

export function factsOf(row: Token): TokenFacts {
  return { ...tokenView(row), narrowing: row.narrowing as unknown as TokenFacts['narrowing'] };
}

export function auditOf({ name, scopes, expiresAt }: Token): Prisma.InputJsonObject {
  return { name, scopes, expiresAt: expiresAt.toISOString() };
}
