/**
 * What a token may do now, whatever its text says. It works while neither it nor a token that it was minted from is
 * revoked or has ended, and while its tenant is active. A token that was rolled ends sooner than its text says. Its
 * scopes are those that nobody has taken away since. A session lives on while it is used. The same check answers at
 * connect and while connected (security rule 7). It runs on connections that no change or list has to wait for
 * (database/pools.ts).
 */
import { LRUCache } from 'lru-cache';
import { Inject, Injectable } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { Collected } from '../common/collected.js';
import { type Limits, effectiveLimits } from '../common/limits.js';
import { earlier, hasCome, moment, momentIn } from '../common/moment.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { ENV, type Env } from '../config/env.js';
import { PgPool } from '../database/pg-pool.js';
import { type Identity, type Principal, allows, type Scope } from './principal.js';
import { IDLE_MS, endUnlessUsed } from './sign-in/session-life.js';
import { type AncestralToken, lineagesOf } from './tokens/token-lineage.js';

/** How exact `lastUsedAt` is. Writing it at every request would cost more than the request. */
const LAST_USED_MS = 60_000;
/** How long a result is reused, unless the bus reports that a right has changed. */
const CHECKED_MS = 1000;
const MAX_CHECKED = 10_000;
/** So many tokens of a lineage are in use with the first: itself, and the one that it was minted from. */
const USED = 2;

const MARK_USED = `UPDATE tokens SET last_used_at = $2,
  expires_at = CASE WHEN kind = 'session' AND text_ends_at IS NOT NULL AND expires_at > $2
    THEN GREATEST(expires_at, LEAST(text_ends_at, $3)) ELSE expires_at END
  WHERE id = ANY ($1)`;

interface RightsNow {
  readonly scopes: ReadonlySet<Scope>;
  /** When it ends: it, or a token that it was minted from. */
  readonly expiresAt: Date;
  readonly limits: Limits;
  readonly person: Principal['person'];
  readonly checkedAt: number;
}

interface TenantRow {
  readonly id: TenantId;
  readonly status: string;
  readonly limits: unknown;
}

@Injectable()
export class CurrentRights {
  private readonly checked = new LRUCache<string, Principal>({ max: MAX_CHECKED });
  private readonly looks: Collected<Identity, RightsNow | Problem>;
  private changed = -Infinity;
  private epoch = 0;

  constructor(
    private readonly pool: PgPool,
    bus: Bus,
    @Inject(ENV) private readonly env: Env,
  ) {
    this.looks = new Collected((identities) => this.review(identities));
    bus.messages.subscribe(({ kind }) => {
      if (kind !== 'token-revoked' && kind !== 'token-changed' && kind !== 'tenant-changed') return;
      this.changed = performance.now();
      this.epoch += 1;
      this.checked.clear();
    });
  }

  /**
   * When a right last changed, by `performance.now()`. A principal that was checked before then must be checked again.
   */
  get changedAt(): number {
    return this.changed;
  }

  /** Who this is and what it may do now. Throws `token-revoked`, `token-expired`, `tenant-suspended`. */
  async principal(identity: Identity): Promise<Principal> {
    const key = keyOf(identity);
    const known = this.checked.get(key);
    if (known && known.checkedAt > performance.now() - CHECKED_MS && !hasCome(known.expiresAt)) return known;
    const epoch = this.epoch;
    const rights = await this.looks.get(identity);
    if (rights instanceof Problem) throw rights;
    const principal: Principal = { ...identity, ...rights };
    // A change reported while we asked the database is newer than the database's answer.
    if (epoch === this.epoch) this.checked.set(key, principal);
    return principal;
  }

  /** What each of these may do now, or why it may do nothing any more. Two queries, however many they are. */
  async review(identities: readonly Identity[]): Promise<Map<Identity, RightsNow | Problem>> {
    const checkedAt = performance.now();
    const ids = [...new Set(identities.map(({ tokenId }) => tokenId))];
    const tenantIds = [...new Set(identities.flatMap(({ tenantId }) => tenantId ?? []))];
    const [lineages, tenants] = await Promise.all([lineagesOf(this.pool, ids), this.tenants(tenantIds)]);
    const tenantById = new Map(tenants.map((row) => [row.id, row]));
    const rights = new Map(
      identities.map((identity) => {
        const tenant = identity.tenantId === null ? null : tenantById.get(identity.tenantId);
        const now = this.rightsNow(identity, lineages.get(identity.tokenId) ?? [], tenant);
        return [identity, now instanceof Problem ? now : { ...now, checkedAt }] as const;
      }),
    );
    const used = identities.filter((identity) => !(rights.get(identity) instanceof Problem));
    // While the database refuses writes, rights can still be checked; a session lives on by its next use.
    await this.markUsed(used.flatMap(({ tokenId }) => usedOf(lineages.get(tokenId) ?? []))).catch(() => undefined);
    return rights;
  }

  private rightsNow(
    identity: Identity,
    lineage: readonly AncestralToken[],
    tenant: TenantRow | null | undefined,
  ): Omit<RightsNow, 'checkedAt'> | Problem {
    const scopes = scopesNow(identity, lineage, tenant);
    if (scopes instanceof Problem) return scopes;
    // The provider's clock may be ahead of ours. The strategy that verified its token has seen to that.
    if (identity.kind !== 'external' && hasCome(endOf(identity, lineage)))
      return new Problem('token-expired', 'The token has expired; ask for a new one.');
    const expiresAt = endOf(identity, [...usedOf(lineage).map(renewed), ...lineage.slice(USED)]);
    const limits = effectiveLimits(tenant?.limits ?? {}, this.env.limits);
    return { scopes, expiresAt, limits, person: personOf(identity, lineage) };
  }

  private async tenants(ids: readonly TenantId[]): Promise<TenantRow[]> {
    if (ids.length === 0) return [];
    const text = 'SELECT id, status, limits FROM tenants WHERE id = ANY ($1)';
    return (await this.pool.prepared<TenantRow>('tenant-rights', text, [ids])).rows;
  }

  /** A session that is used lives on. One that has ended meanwhile does not come back. */
  private async markUsed(used: readonly AncestralToken[]): Promise<void> {
    const now = moment();
    // `Math.abs`, because a clock that was set back must not leave a moment in the future.
    const isOld = (at: Date | null) => at === null || Math.abs(now.getTime() - at.getTime()) > LAST_USED_MS;
    const due = used.filter((row) => row.revokedAt === null && isOld(row.lastUsedAt));
    if (due.length === 0) return;
    const ids = [...new Set(due.map(({ id }) => id))];
    await this.pool.query(MARK_USED, [ids, now, momentIn(IDLE_MS)]);
  }
}

/** Pure: what is left of an identity's scopes. `tenant` is null for the platform, undefined when it is gone. */
function scopesNow(
  identity: Identity,
  [row, ...ancestors]: readonly AncestralToken[],
  tenant: TenantRow | null | undefined,
): ReadonlySet<Scope> | Problem {
  if (tenant === undefined) return revoked();
  if (tenant !== null && tenant.status !== 'active') return new Problem('tenant-suspended', 'The tenant is suspended.');
  // A token of the identity provider has a row only if it was revoked.
  if (identity.kind === 'external') return row === undefined ? identity.scopes : revoked();
  if (row === undefined || row.revokedAt !== null || row.tenantId !== identity.tenantId) return revoked();
  if (ancestors.some(({ revokedAt }) => revokedAt !== null)) return revoked();
  const own = [...identity.scopes].filter((scope) => row.scopes.includes(scope));
  // A token never has a scope that the token it was minted from has lost.
  return new Set(own.filter((scope) => ancestors.every((one) => allows(rightsOf(one), [scope]))));
}

/** The row of a token of the identity provider says only that it was revoked. */
function endOf(identity: Identity, lineage: readonly AncestralToken[]): Date {
  if (identity.kind === 'external') return identity.expiresAt;
  return lineage.reduce((end, { expiresAt }) => earlier(end, expiresAt), identity.expiresAt);
}

/** Who signed in, also for what the tab has made of its token. An operator who looks at a tenant is nobody there. */
function personOf({ tenantId }: Identity, lineage: readonly AncestralToken[]): Principal['person'] {
  return lineage.find((token) => token.person !== null && token.tenantId === tenantId)?.person ?? null;
}

function usedOf(lineage: readonly AncestralToken[]): readonly AncestralToken[] {
  return lineage.slice(0, USED);
}

/** As its row says after this use. */
function renewed(token: AncestralToken): AncestralToken {
  if (token.renewsUntil === null) return token;
  const end = endUnlessUsed(token.renewsUntil);
  return end > token.expiresAt ? { ...token, expiresAt: end } : token;
}

function rightsOf({ tenantId, scopes }: AncestralToken): Pick<Identity, 'tenantId' | 'scopes'> {
  return { tenantId: tenantId as Identity['tenantId'], scopes: new Set(scopes as Scope[]) };
}

function keyOf({ tokenId, tenantId, kind, scopes }: Identity): string {
  return kind === 'external' ? `${tokenId} ${tenantId ?? ''} ${[...scopes].join(' ')}` : tokenId;
}

function revoked(): Problem {
  return new Problem('token-revoked', 'The token was revoked; ask for a new one.');
}
