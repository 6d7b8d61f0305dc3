/**
 * The public keys of the operator's identity provider. They are cached by `kid` for the one issuer that is configured.
 * An unknown `kid` starts a fetch, because the provider may have rotated its keys. Only one fetch runs at a time, and
 * fetches are rare whether they succeed or fail: strangers' tokens must not make us send requests. Only the request
 * with the unknown `kid` waits for the answer. All others are answered at once from the known keys (security rule 32),
 * and an outage changes nothing for known keys.
 */
import { Inject, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { createLocalJWKSet, createRemoteJWKSet, errors } from 'jose';
import jwt from 'jsonwebtoken';
import { KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';

/** The least time between the end of one fetch and the start of the next. */
const COOLDOWN_MS = 5000;
const TIMEOUT_MS = 5000;
/** How long the start waits for the keys. A provider that is down must not keep us from starting. */
const MAX_START_MS = 2000;
/**
 * Keys older than this are fetched again while the old ones serve. So a key that was withdrawn stops working within it.
 */
const REFRESH_MS = 10 * 60_000;
/** How long known keys serve while the provider does not answer. */
const MAX_STALE_MS = 24 * 3600_000;

export const EXTERNAL_ALGORITHMS = ['RS256', 'ES256'] as const;

type Keys = ReturnType<typeof createLocalJWKSet>;

@Injectable()
export class IssuerKeys implements OnApplicationBootstrap {
  private readonly logger = new Logger('IdentityProvider');
  private readonly remote: ReturnType<typeof createRemoteJWKSet> | undefined;
  private keys: Keys | undefined;
  private fetching = false;
  private hasFailed = false;
  /** By the monotonic clock: when the last fetch ended, and when one last brought keys. */
  private endedAt = -Infinity;
  private answeredAt = -Infinity;

  constructor(@Inject(ENV) { identityProvider }: Env) {
    if (identityProvider === undefined) return;
    this.remote = createRemoteJWKSet(new URL(identityProvider.jwksUrl), { timeoutDuration: TIMEOUT_MS });
  }

  async onApplicationBootstrap(): Promise<void> {
    await Promise.race([this.fetch(), wait(MAX_START_MS, undefined, { ref: false })]);
  }

  /**
   * Rejects with a JsonWebTokenError if the key is not the issuer's, with `unavailable` if that cannot be found out.
   */
  async publicKey(kid: string | undefined, alg: string): Promise<KeyObject> {
    if (this.remote === undefined || kid === undefined) throw new jwt.JsonWebTokenError('no such issuer or key');
    const known = await this.find(kid, alg);
    if (known !== undefined) {
      if (this.ageMs > REFRESH_MS && this.mayFetch) void this.fetch();
      return known;
    }
    if (this.mayFetch) await this.fetch();
    else if (this.fetching) throw unavailable();
    const found = await this.find(kid, alg);
    if (found !== undefined) return found;
    if (this.hasFailed) throw unavailable();
    throw new jwt.JsonWebTokenError('unknown kid');
  }

  private async find(kid: string, alg: string): Promise<KeyObject | undefined> {
    if (this.keys === undefined || this.ageMs > MAX_STALE_MS) return undefined;
    try {
      return KeyObject.from(await this.keys({ kid, alg }));
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  private get mayFetch(): boolean {
    return !this.fetching && performance.now() - this.endedAt > COOLDOWN_MS;
  }

  private get ageMs(): number {
    return performance.now() - this.answeredAt;
  }

  /** Never rejects. */
  private async fetch(): Promise<void> {
    if (this.remote === undefined) return;
    this.fetching = true;
    try {
      await this.remote.reload();
      this.keys = createLocalJWKSet(this.remote.jwks() ?? { keys: [] });
      this.answeredAt = performance.now();
      this.hasFailed = false;
    } catch (error) {
      this.hasFailed = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(`its keys cannot be read, known ones serve on: ${reason}`);
    }
    this.endedAt = performance.now();
    this.fetching = false;
  }
}

function unavailable(): Problem {
  return new Problem('unavailable', 'The identity provider cannot be asked for its keys now.');
}
