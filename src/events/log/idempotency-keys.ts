/**
 * Remembers for a day which body came with an `Idempotency-Key` of a tenant. This only tells a repeat from a mistake. A
 * repeat is harmless because of the identity of its events, which includes the body. So if a row is lost or forgotten
 * early, nothing is stored twice or dropped. The row is written before the events, so that a kill in between leaves a
 * repeat possible (docs/protocol.md, section 9.4).
 */
import { Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { Patience } from '../../common/fair-slots.js';
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { BackgroundPool, ReplayPool } from '../../database/pools.js';
import { Interval } from '../../common/waiting.js';

/**
 * Most keys that are remembered for a tenant. With two or three processes there may be a few more: see {@link
 * TRIM_EVERY}.
 */
const MAX_KEYS = 50_000;
/** After this many new claims of a tenant, each process looks for the tenant's oldest keys. */
const TRIM_EVERY = 1000;
const CLEAN_UP_MS = 3600_000;
/** Rows that one statement deletes. */
const CHUNK = 5000;

const CLAIM = `WITH claimed AS (
    INSERT INTO idempotency_keys AS k (tenant_id, key_hash, body_hash) VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, key_hash) DO UPDATE SET
      body_hash = CASE WHEN k.used_at < now() - interval '24 hours' THEN excluded.body_hash ELSE k.body_hash END,
      used_at = CASE WHEN k.used_at < now() - interval '24 hours' THEN now() ELSE k.used_at END
    RETURNING body_hash)
  SELECT body_hash AS "bodyHash", EXISTS (SELECT FROM stored_keys($4)) AS "wasStored" FROM claimed`;
const TRIM = `DELETE FROM idempotency_keys WHERE tenant_id = $1 AND used_at <=
  (SELECT used_at FROM idempotency_keys WHERE tenant_id = $1 ORDER BY used_at DESC OFFSET ${MAX_KEYS} LIMIT 1)`;
const CLEAN_UP = `DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idempotency_keys WHERE used_at < now() - interval '24 hours' LIMIT ${CHUNK}))`;

interface Claim {
  readonly bodyHash: string;
  readonly wasStored: boolean;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

@Injectable()
export class IdempotencyKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Ingest');
  private readonly claims = new Map<string, number>();
  private readonly cleaning = new Interval(CLEAN_UP_MS, () => this.cleanUp().catch((error: Error) => this.warn(error)));

  constructor(
    private readonly asked: ReplayPool,
    private readonly background: BackgroundPool,
  ) {}

  onApplicationBootstrap(): void {
    this.cleaning.start();
  }

  onApplicationShutdown(): void {
    this.cleaning.stop();
  }

  /**
   * Records that the key comes with this body. Throws `idempotency-key-reused` if it came with another body within a
   * day. True when one of these events is stored: versions before 2026-11-27 gave events keys that did not include the
   * body.
   */
  async claim(
    tenantId: TenantId | null,
    key: string,
    bodyHash: string,
    eventKeys: readonly string[],
    patience: Patience,
  ): Promise<boolean> {
    const tenant = tenantId ?? '';
    const values = [tenant, hashOf(key), bodyHash, eventKeys];
    // A tenant may send any number of keys. So this waits its turn among the tenants, and never goes before the
    // questions of the process itself.
    const ask = () => this.asked.prepared<Claim>('claim-key', CLAIM, values);
    const { rows } = await this.asked.ask(tenantId, ask, patience);
    if (rows[0]?.bodyHash !== bodyHash)
      throw new Problem('idempotency-key-reused', 'This Idempotency-Key came with another body before.');
    this.count(tenant);
    return rows[0].wasStored;
  }

  private count(tenant: string): void {
    const claims = (this.claims.get(tenant) ?? 0) + 1;
    this.claims.set(tenant, claims % TRIM_EVERY);
    if (claims === TRIM_EVERY) this.forgetOldest(tenant).catch((error: Error) => this.warn(error));
  }

  /**
   * Keeps the table from being filled by one tenant's keys. If a key is forgotten early, a reuse of it is not refused;
   * nothing else changes.
   */
  async forgetOldest(tenant: string): Promise<void> {
    await this.background.query(TRIM, [tenant]);
  }

  private async cleanUp(): Promise<void> {
    let removed = CHUNK;
    while (removed === CHUNK) removed = (await this.background.query(CLEAN_UP)).rowCount ?? 0;
  }

  private warn(error: Error): void {
    this.logger.warn(`old idempotency keys could not be removed, trying again later: ${error.message}`);
  }
}
