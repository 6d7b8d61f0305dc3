/** Tokens as the API lists them: of the reader's own, of one customer, or of the platform. */
import type { Client } from '../api/client.js';
import { serverNow } from '../common/clock.js';

/** Never with its text. */
export interface TokenView extends NamedToken {
  /** True: a person signed in by a link. */
  readonly signIn: boolean;
  /** True: this page was signed in by it. */
  readonly current: boolean;
}

interface NamedToken {
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

/** How many streams a token has open, by its id; those without have none. */
export type OpenStreams = ReadonlyMap<string, number>;

export type NewToken = NamedToken & { readonly token: string };

export type TokenStanding = 'active' | 'revoked' | 'expired';

/** Whose tokens they are, for the API. */
export interface TokenPlace {
  readonly client: Client;
  /** Where they are listed and made. */
  readonly path: string;
  /** Below it each of them is rolled and revoked. */
  readonly onePath: string;
  /** What a new one may be allowed. */
  readonly scopes: readonly string[];
}

export function standingOf({ revokedAt, expiresAt }: NamedToken): TokenStanding {
  if (revokedAt !== null) return 'revoked';
  return Date.parse(expiresAt) <= serverNow() ? 'expired' : 'active';
}
