/**
 * Who asks for a new sign-in link, as far as that is known: by a link that they had, by the cookie of a session that
 * has ended, or by an e-mail that an operator has kept.
 */
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import type { TenantId } from '../../common/ids.js';
import { PrismaService } from '../../database/prisma.service.js';
import { Issuer } from '../keys/issuer.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { hashOf } from '../sign-in/sign-in.js';
import { readToken } from '../tokens/token-text.js';

/** What a request came with. */
export interface Evidence {
  /** The code of a link that no longer works. */
  readonly code?: string | undefined;
  /** The cookie's text. */
  readonly session: string | null;
  readonly email?: string | undefined;
}

export interface Asking {
  readonly tenantId: TenantId;
  /** Null: somebody of that tenant, nobody by name. */
  readonly personId: string | null;
}

/** One e-mail may be kept with people of several tenants. */
const MAX_PEOPLE = 5;

@Injectable()
export class WhoAsks {
  constructor(
    private readonly prisma: PrismaService,
    private readonly keys: SigningKeys,
    private readonly issuer: Issuer,
  ) {}

  /** Empty: nobody knows. Only of tenants that are active. */
  async find({ code, session, email }: Evidence): Promise<readonly Asking[]> {
    const byCode = code === undefined ? null : await this.ofCode(code);
    const known = byCode ?? (session === null ? null : await this.ofSession(session));
    if (known !== null) return known.personId === null && email !== undefined ? this.ofEmail(email, known) : [known];
    return email === undefined ? [] : this.ofEmail(email);
  }

  private async ofCode(code: string): Promise<Asking | null> {
    const row = await this.prisma.signInCode.findUnique({
      where: { hash: hashOf(code) },
      select: { tenantId: true, personId: true },
    });
    return row === null ? null : this.stillThere(row.tenantId, row.personId);
  }

  /** The cookie's signature says whose session it was, also when its row is gone. */
  private async ofSession(text: string): Promise<Asking | null> {
    const key = await this.keys.publicKey(readToken(text)?.kid ?? '');
    if (key === undefined) return null;
    try {
      const options = { ...this.issuer.verification, audience: 'session', ignoreExpiration: true } as const;
      const claims = jwt.verify(text, key, options) as jwt.JwtPayload;
      const [tenant, person] = [claims['tenant'] as unknown, claims['person'] as unknown];
      if (typeof tenant !== 'string') return null;
      return await this.stillThere(tenant, typeof person === 'string' ? person : null);
    } catch (error) {
      if (error instanceof jwt.JsonWebTokenError) return null;
      throw error;
    }
  }

  private async ofEmail(email: string, fallback?: Asking): Promise<readonly Asking[]> {
    // Written out, because Prisma's comparison without case takes `%` and `_` for a pattern.
    const people = await this.prisma.$queryRaw<Asking[]>`
      SELECT p.id AS "personId", p.tenant_id AS "tenantId" FROM people p JOIN tenants t ON t.id = p.tenant_id
      WHERE lower(p.email) = lower(${email}) AND p.removed_at IS NULL AND t.status = 'active'
        AND (${fallback?.tenantId ?? null}::text IS NULL OR p.tenant_id = ${fallback?.tenantId ?? null})
      LIMIT ${MAX_PEOPLE}`;
    return people.length === 0 && fallback !== undefined ? [fallback] : people;
  }

  /** Null for the platform too: operators make their links themselves. */
  private async stillThere(tenantId: string | null, personId: string | null): Promise<Asking | null> {
    if (tenantId === null) return null;
    const tenant = await this.prisma.tenant.count({ where: { id: tenantId, status: 'active' } });
    if (tenant === 0) return null;
    const where = { id: personId ?? '', tenantId, removedAt: null };
    // Somebody who was removed is not asked in again.
    if (personId !== null && (await this.prisma.person.count({ where })) === 0) return null;
    return { tenantId: tenantId as TenantId, personId };
  }
}
