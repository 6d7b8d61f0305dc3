/** A token as `/v1/tokens` shows it: never its text. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface TokenPage {
  readonly tokens: readonly TokenView[];
  readonly next: string | null;
}

export type NewToken = TokenView & { readonly token: string };

export type TokenStanding = 'active' | 'revoked' | 'expired';

export function standingOf({ revokedAt, expiresAt }: TokenView, now: number): TokenStanding {
  if (revokedAt !== null) return 'revoked';
  return Date.parse(expiresAt) <= now ? 'expired' : 'active';
}
