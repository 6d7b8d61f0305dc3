/** Makes every token of ours: one row and one signature. The text appears only in the answer (security rule 8). */
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { AgentName, CallId, TenantId } from '../../common/ids.js';
import type { Prisma, Token } from '../../database/generated/client.js';
import { Issuer } from '../keys/issuer.js';
import type { Scope } from '../principal.js';
import { SigningKeys } from '../keys/signing-keys.js';

/** What a stream token may be narrowed to. */
export interface Narrowing {
  readonly agents?: readonly AgentName[] | undefined;
  readonly calls?: readonly CallId[] | undefined;
  readonly types?: readonly string[] | undefined;
}

export interface Minting {
  readonly kind: 'api' | 'stream' | 'session';
  /** Null: the platform's. */
  readonly tenantId: TenantId | null;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date;
  /** When its row ends, if not with its text: a session that nobody uses, and what lives as long as its session. */
  readonly rowEndsAt?: Date;
  readonly createdBy: string;
  /** The id of the person who signed in; null or absent: nobody by name. */
  readonly personId?: string | null;
  /** The token that this one is minted from. `isOurs`: that token has a row here. */
  readonly parent?: { readonly tokenId: string; readonly isOurs: boolean };
  readonly narrowing?: Narrowing;
  /** Set when an admin mints it to see what the tenant sees. */
  readonly viewedBy?: string;
  /** Set for a person signed in by a link: how long the tokens that they make may live. */
  readonly mintsUntil?: Date;
}

@Injectable()
export class TokenMint {
  constructor(
    private readonly keys: SigningKeys,
    private readonly issuer: Issuer,
  ) {}

  async mint(transaction: Prisma.TransactionClient, minting: Minting): Promise<{ row: Token; token: string }> {
    const { kind, tenantId, name, scopes, createdBy, parent, narrowing, viewedBy, rowEndsAt, personId } = minting;
    const id = randomUUID();
    const { kid, token, endsAt } = await this.textOf(id, minting);
    const row = await transaction.token.create({
      data: {
        id,
        kind,
        tenantId,
        name,
        scopes: [...scopes],
        createdBy,
        kid,
        expiresAt: rowEndsAt ?? endsAt,
        textEndsAt: rowEndsAt === undefined ? null : endsAt,
        parentId: parent?.isOurs ? parent.tokenId : null,
        narrowing: { ...narrowing },
        viewedBy: viewedBy ?? null,
        personId: personId ?? null,
      },
    });
    return { row, token };
  }

  /** Another text of a token that has a row: its id stays, so that whatever ends the one ends the other. */
  async mintAgain(transaction: Prisma.TransactionClient, id: string, minting: Minting): Promise<string> {
    const { kid, token, endsAt } = await this.textOf(id, minting);
    await transaction.token.update({ where: { id }, data: { kid, textEndsAt: endsAt } });
    return token;
  }

  private async textOf(id: string, minting: Minting): Promise<{ kid: string; token: string; endsAt: Date }> {
    const { kind, tenantId, scopes, parent, narrowing, viewedBy, mintsUntil, personId } = minting;
    const key = await this.keys.current();
    const exp = Math.floor(minting.expiresAt.getTime() / 1000);
    const token = key.sign({
      iss: this.issuer.name,
      aud: kind,
      sub: tenantId ?? 'platform',
      jti: id,
      exp,
      scope: scopes.join(' '),
      ...(tenantId === null ? {} : { tenant: tenantId }),
      ...(parent === undefined ? {} : { parent: parent.tokenId }),
      ...(viewedBy === undefined ? {} : { act: { sub: viewedBy } }),
      ...(mintsUntil === undefined ? {} : { mints_until: Math.floor(mintsUntil.getTime() / 1000) }),
      // So that the cookie says whose session it was when its row is gone.
      ...(kind === 'session' && personId ? { person: personId } : {}),
      ...narrowing,
    });
    return { kid: key.kid, token, endsAt: new Date(exp * 1000) };
  }
}
