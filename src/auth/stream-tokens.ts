/** Stream tokens: short-lived, for URLs, never wider or longer-lived than the API token they are minted from. */
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { AgentName, CallId } from '../common/ids.js';
import { ENV, type Env } from '../config/env.js';
import { tenantOf } from './auth.decorators.js';
import type { Principal } from './principal.js';
import { SigningKeys } from './signing-keys.js';

export const DEFAULT_STREAM_TTL_SECONDS = 15 * 60;
export const MAX_STREAM_TTL_SECONDS = 60 * 60;

export interface Narrowing {
  readonly agents?: readonly AgentName[] | undefined;
  readonly calls?: readonly CallId[] | undefined;
  readonly types?: readonly string[] | undefined;
}

@Injectable()
export class StreamTokens {
  constructor(
    private readonly keys: SigningKeys,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async mint(
    parent: Principal,
    narrowing: Narrowing,
    ttlSeconds: number,
  ): Promise<{ token: string; url: string; expiresAt: string }> {
    const tenant = tenantOf(parent);
    const exp = Math.min(Math.floor(Date.now() / 1000) + ttlSeconds, Math.floor(parent.expiresAt.getTime() / 1000));
    const token = await this.keys.sign({
      iss: this.env.publicUrl,
      aud: 'stream',
      sub: tenant,
      jti: randomUUID(),
      exp,
      scope: 'events:read',
      tenant,
      parent: parent.tokenId,
      ...narrowing,
    });
    const url = `${this.env.publicUrl}/v1/events?token=${token}`;
    return { token, url, expiresAt: new Date(exp * 1000).toISOString() };
  }
}
