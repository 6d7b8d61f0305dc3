/**
 * Signing in by a link. An admin vouches for a person. The link's code works once and becomes a session of the page and
 * a token, which the page's tab keeps for writes. Both depend on each other and on the token of the admin who vouched:
 * what was made from a link ends with that token and never outlives it (security rule 9). Only the hash of a code is
 * stored (rule 8).
 */
import { Inject, Injectable } from '@nestjs/common';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type Actor, AuditLog, SYSTEM } from '../../audit/audit-log.js';
import type { TenantId } from '../../common/ids.js';
import { earlier, momentIn } from '../../common/moment.js';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';
import type { Prisma } from '../../database/generated/client.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { Principal, Scope } from '../principal.js';
import { SESSION_MS, endUnlessUsed } from './session-life.js';
import { SIGNED_IN, tabOf } from './sessions.js';
import { TokenMint } from '../tokens/token-mint.js';
import { assertTenant } from '../known-tenant.js';
import { type NamedPerson, personNamed } from '../people/person-rows.js';

/** What a person who looks after a tenant does: watch, listen, step in, make tokens, say where events are sent. */
export const PERSON_SCOPES = [
  ...(['events:read', 'agents:read', 'tokens:write', 'webhooks:write', 'rules:write'] as const),
  ...(['recordings:read', 'calls:steer'] as const),
] as const;

/** As long as an API token may live, because nobody but the product itself vouches. */
const SYSTEM_VOUCHES_MS = 366 * 86_400_000;
/** How long used and expired codes are kept, for people who investigate. */
const KEEP_EXPIRED_MS = 24 * 3600 * 1000;

export interface NewLink {
  readonly scopes: readonly Scope[];
  readonly ttlSeconds: number;
  /** Undefined: for whoever opens it. The platform's are nobody's by name. */
  readonly person?: NamedPerson | undefined;
}

export interface SignInLink {
  readonly url: string;
  readonly expiresAt: string;
}

export interface SignedIn {
  readonly tenantId: TenantId | null;
  readonly scopes: readonly Scope[];
  /** Null: nobody by name. */
  readonly person: string | null;
  readonly session: { readonly token: string; readonly expiresAt: Date };
  /** For the tab, which writes with it. */
  readonly token: string;
}

/** Who vouches for the link; null is the product itself. */
export interface Voucher {
  readonly tokenId: string | null;
  readonly until: Date;
}

interface ClaimedCode {
  readonly id: string;
  readonly tenantId: TenantId | null;
  readonly scopes: Scope[];
  readonly voucherId: string | null;
  readonly vouchedUntil: Date;
  readonly personId: string | null;
  readonly person: string | null;
}

@Injectable()
export class SignIn {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tokenMint: TokenMint,
    private readonly audit: AuditLog,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** A link for a person of the tenant or, with null, of the platform. Throws `tenant-not-found`. */
  async createLink(
    tenantId: TenantId | null,
    link: NewLink,
    actor: Actor = SYSTEM,
    admin?: Principal,
  ): Promise<SignInLink> {
    const voucher = await this.voucherOf(admin);
    return this.makeLink(tenantId, link, actor, voucher, async (transaction, personId) => {
      if (tenantId === null) return;
      await transaction.linkRequest.deleteMany({ where: { tenantId, personId } });
      const data = { scopes: [...link.scopes], voucherId: voucher.tokenId, vouchedUntil: voucher.until };
      if (personId !== null) await transaction.person.update({ where: { id: personId }, data });
    });
  }

  /** As {@link createLink}, on the word of who vouched before. `andThen` belongs to the same transaction. */
  async makeLink(
    tenantId: TenantId | null,
    { scopes, ttlSeconds, person: named }: NewLink,
    actor: Actor,
    { tokenId: voucherId, until }: Voucher,
    andThen?: (transaction: Prisma.TransactionClient, personId: string | null) => Promise<void>,
  ): Promise<SignInLink> {
    const code = randomBytes(32).toString('base64url');
    const id = randomUUID();
    const expiresAt = earlier(momentIn(ttlSeconds * 1000), until);
    await this.prisma.$transaction(async (transaction) => {
      await assertTenant(transaction, tenantId);
      const longAgo = momentIn(-KEEP_EXPIRED_MS);
      await transaction.signInCode.deleteMany({ where: { expiresAt: { lt: longAgo } } });
      const person =
        tenantId === null || named === undefined ? null : await personNamed(transaction, tenantId, named, actor);
      const row = { id, hash: hashOf(code), tenantId, scopes: [...scopes], voucherId, vouchedUntil: until };
      const data = { ...row, personId: person?.id ?? null, createdBy: actor.name, expiresAt };
      await transaction.signInCode.create({ data });
      await andThen?.(transaction, data.personId);
      const after = { ...forPerson(person?.name), scopes: [...scopes], expiresAt: expiresAt.toISOString() };
      await this.record(transaction, actor, 'sign-in.link', id, tenantId, after);
    });
    return { url: this.env.publicUrl.at(`/#code=${code}`), expiresAt: expiresAt.toISOString() };
  }

  /**
   * Uses a code up. If two requests come at once, exactly one wins. Throws `token-invalid` (for a wrong, used and
   * expired code alike) and `tenant-suspended`.
   */
  async use(code: string, requestId: string | null): Promise<SignedIn> {
    return this.prisma.$transaction(async (transaction) => {
      const claimed = await claim(transaction, hashOf(code));
      if (claimed === undefined) throw new Problem('token-invalid', 'The link was used, has expired, or never was.');
      const { id, tenantId, scopes, personId, person } = claimed;
      await assertActive(transaction, tenantId);
      const { session, tab, expiresAt } = await this.mintBoth(transaction, claimed);
      const actor = { name: `link ${id}`, person: personId, tenantId, requestId };
      const after = { scopes, sessionId: session.row.id, tokenId: tab.row.id, expiresAt: expiresAt.toISOString() };
      await this.record(transaction, actor, 'sign-in.use', id, tenantId, after);
      return { tenantId, scopes, person, session: { token: session.token, expiresAt }, token: tab.token };
    });
  }

  private async mintBoth(transaction: Prisma.TransactionClient, code: ClaimedCode) {
    const { id, tenantId, scopes, voucherId, vouchedUntil, personId, person } = code;
    // A person makes tokens for programs, and these outlive the tab. They may live as long as the token that vouched.
    const name = person ?? SIGNED_IN;
    const common = { tenantId, name, scopes, createdBy: `link ${id}`, personId, mintsUntil: vouchedUntil };
    const expiresAt = earlier(momentIn(SESSION_MS), vouchedUntil);
    const session = await this.tokenMint.mint(transaction, {
      ...common,
      kind: 'session',
      expiresAt,
      rowEndsAt: endUnlessUsed(expiresAt),
      parent: { tokenId: voucherId ?? 'switchboard', isOurs: voucherId !== null },
    });
    const tab = await this.tokenMint.mint(transaction, tabOf({ id: session.row.id, endsAt: expiresAt }, common));
    return { session, tab, expiresAt };
  }

  /**
   * If the admin signed in by a link, the one who vouched for that admin vouches here too: signing out ends no link.
   */
  private async voucherOf(admin: Principal | undefined): Promise<Voucher> {
    if (admin === undefined) return { tokenId: null, until: momentIn(SYSTEM_VOUCHES_MS) };
    if (admin.kind === 'external') return { tokenId: null, until: admin.expiresAt };
    if (admin.mintsUntil === null) return { tokenId: admin.tokenId, until: admin.expiresAt };
    const session = await this.prisma.token.findUnique({ where: { id: admin.parentTokenId ?? '' } });
    return { tokenId: session?.parentId ?? null, until: admin.mintsUntil };
  }

  private async record(
    transaction: Prisma.TransactionClient,
    actor: Actor,
    action: string,
    target: string,
    tenantId: TenantId | null,
    after: Prisma.InputJsonObject,
  ): Promise<void> {
    const books = tenantId === null ? [] : [{ tenantId }];
    await this.audit.record(transaction, actor, { action, target, before: null, after, books });
  }
}

/** One statement, so that two at once cannot both win and every failure looks the same. */
async function claim(transaction: Prisma.TransactionClient, hash: string): Promise<ClaimedCode | undefined> {
  const rows = await transaction.$queryRaw<ClaimedCode[]>`
    UPDATE sign_in_codes SET used_at = now()
    WHERE hash = ${hash} AND used_at IS NULL AND expires_at > now() AND (voucher_id IS NULL OR EXISTS (
      SELECT FROM tokens WHERE id = voucher_id AND revoked_at IS NULL AND expires_at > now() AND 'admin' = ANY(scopes)))
    RETURNING id, tenant_id AS "tenantId", scopes, voucher_id AS "voucherId", vouched_until AS "vouchedUntil",
      person_id AS "personId", (SELECT name FROM people WHERE id = person_id) AS person`;
  return rows[0];
}

function forPerson(name: string | undefined): { for?: string } {
  return name === undefined ? {} : { for: name };
}

export function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

/** Thrown within the transaction, so the code is not used up and works when the tenant is active again. */
async function assertActive(transaction: Prisma.TransactionClient, tenantId: TenantId | null): Promise<void> {
  if (tenantId === null) return;
  const tenant = await transaction.tenant.findUnique({ where: { id: tenantId } });
  if (tenant?.status !== 'active') throw new Problem('tenant-suspended', 'The tenant is suspended.');
}
