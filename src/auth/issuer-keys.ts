/**
 * The public keys of the operator's identity provider. They are cached by `kid` for the one issuer that is configured; an
 * unknown `kid` asks again (the provider has rotated), and an outage of the provider changes nothing for keys that are known.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { errors, createRemoteJWKSet } from 'jose';
import jwt from 'jsonwebtoken';
import { KeyObject } from 'node:crypto';
import { Problem } from '../common/problem.js';
import { ENV, type Env } from '../config/env.js';

/** How often an unknown `kid` may send us to the provider: a stranger's tokens must not. */
const COOLDOWN_MS = 5000;
const TIMEOUT_MS = 5000;
/** Keys older than this are asked for again while the old ones serve: a key that was withdrawn goes within it. */
const REFRESH_MS = 10 * 60_000;
/** Known keys serve so long without a word from the provider. */
const MAX_STALE_MS = 24 * 3600_000;

export const EXTERNAL_ALGORITHMS = ['RS256', 'ES256'] as const;

type Remote = ReturnType<typeof createRemoteJWKSet>;

@Injectable()
export class IssuerKeys {
  private readonly logger = new Logger('IdentityProvider');
  private readonly remote: Remote | undefined;
  private askedAt = 0;
  private answeredAt = 0;

  constructor(@Inject(ENV) { identityProvider }: Env) {
    if (identityProvider === undefined) return;
    // When to ask again is decided here: jose goes by the wall clock.
    const options = { timeoutDuration: TIMEOUT_MS, cooldownDuration: Infinity, cacheMaxAge: Infinity };
    this.remote = createRemoteJWKSet(new URL(identityProvider.jwksUrl), options);
  }

  /** Rejects with a JsonWebTokenError for a key that is none of the issuer's, with `unavailable` when nobody can say. */
  async publicKey(kid: string | undefined, alg: string): Promise<KeyObject> {
    if (this.remote === undefined || kid === undefined) throw new jwt.JsonWebTokenError('no such issuer or key');
    await this.refresh(this.remote);
    try {
      return KeyObject.from(await this.find(this.remote, { kid, alg }));
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported)
        throw new jwt.JsonWebTokenError('unknown kid');
      this.warn(error);
      throw new Problem('unavailable', 'The identity provider cannot be asked for its keys now.');
    }
  }

  private async find(remote: Remote, header: { kid: string; alg: string }) {
    try {
      return await remote(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || performance.now() - this.askedAt < COOLDOWN_MS) throw error;
      this.askedAt = performance.now();
      await remote.reload();
      this.answeredAt = performance.now();
      return await remote(header);
    }
  }

  /** Waits for the provider only where there is nothing, or nothing young enough, to go on with. */
  private async refresh(remote: Remote): Promise<void> {
    const now = performance.now();
    if (remote.jwks() === undefined || now - this.askedAt < REFRESH_MS) {
      this.askedAt ||= now;
      this.answeredAt ||= now;
      return;
    }
    this.askedAt = now;
    const reloaded = remote.reload().then(
      () => (this.answeredAt = performance.now()),
      (error: unknown) => this.warn(error),
    );
    if (now - this.answeredAt < MAX_STALE_MS) return;
    await reloaded;
    if (performance.now() - this.answeredAt >= MAX_STALE_MS)
      throw new Problem('unavailable', 'The identity provider cannot be asked for its keys now.');
  }

  private warn(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn(`its keys cannot be read, known ones serve on: ${reason}`);
  }
}
