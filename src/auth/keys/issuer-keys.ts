/**
 * The public keys of the operator's identity provider. They are cached by `kid` for the one issuer that is configured. A `kid`
 * that is not among them asks again (the provider has rotated), one fetch at a time and seldom, whether it succeeds or
 * fails: strangers' tokens must not send us there. Only the one who asks waits for the answer. Everybody else is answered
 * at once by what is known (security rule 32), and an outage changes nothing for keys that are known.
 */
import { Inject, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { createLocalJWKSet, createRemoteJWKSet, errors } from 'jose';
import jwt from 'jsonwebtoken';
import { KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';

/** From the end of one fetch to the next. */
const COOLDOWN_MS = 5000;
const TIMEOUT_MS = 5000;
/** How long the start waits for the keys: a provider that is away must not keep us from starting. */
const MAX_START_MS = 2000;
/** Keys older than this are asked for again while the old ones serve: a key that was withdrawn goes within it. */
const REFRESH_MS = 10 * 60_000;
/** Known keys serve so long without a word from the provider. */
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
  /** By the monotonic clock: when a fetch last ended, and when one last brought keys. */
  private endedAt = -Infinity;
  private answeredAt = -Infinity;

  constructor(@Inject(ENV) { identityProvider }: Env) {
    if (identityProvider === undefined) return;
    this.remote = createRemoteJWKSet(new URL(identityProvider.jwksUrl), { timeoutDuration: TIMEOUT_MS });
  }

  async onApplicationBootstrap(): Promise<void> {
    await Promise.race([this.fetch(), wait(MAX_START_MS, undefined, { ref: false })]);
  }

  /** Rejects with a JsonWebTokenError for a key that is none of the issuer's, with `unavailable` when nobody can say. */
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
