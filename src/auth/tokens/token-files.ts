/**
 * Tokens that the server keeps for its operator in the data folder, mode 0600: the first admin token and the demo's.
 */
import { Inject, Injectable } from '@nestjs/common';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SYSTEM } from '../../audit/audit-log.js';
import type { TenantId } from '../../common/ids.js';
import { moment } from '../../common/moment.js';
import { ENV, type Env } from '../../config/env.js';
import { DATABASE_URL } from '../../database/database-url.js';
import { exclusively } from '../../database/exclusively.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { Scope } from '../principal.js';
import { TokenVerifier } from './token-verifier.js';
import { TokensService } from './tokens.service.js';

const YEAR_SECONDS = 366 * 86_400;

export interface TokenFile {
  readonly path: string;
  /** The token's text if it was created just now, to be printed once. */
  readonly created: string | undefined;
}

@Injectable()
export class TokenFiles {
  constructor(
    private readonly tokens: TokensService,
    private readonly verifier: TokenVerifier,
    private readonly prisma: PrismaService,
    @Inject(ENV) private readonly env: Env,
    @Inject(DATABASE_URL) private readonly databaseUrl: string,
  ) {}

  /**
   * The first admin token. It is made if the platform has none, or if the file is there but its token no longer works
   * (revoked, expired, or emptied by an operator who lost it). Undefined if another machine holds it.
   */
  async ensureAdmin(): Promise<TokenFile | undefined> {
    const path = join(this.env.dataDir, 'admin-token');
    return this.alone(async () => {
      if (!existsSync(path)) {
        const where = {
          kind: 'api',
          parentId: null,
          tenantId: null,
          revokedAt: null,
          expiresAt: { gt: moment() },
          scopes: { has: 'admin' },
        };
        if ((await this.prisma.token.count({ where })) > 0) return undefined;
      }
      return this.ensure(path, null, ['admin'], `first admin token, made on ${hostname()}`);
    });
  }

  /** Writes another admin token to that file, whatever is there. Earlier ones work until they are revoked. */
  async renewAdmin(): Promise<{ path: string; text: string }> {
    const path = join(this.env.dataDir, 'admin-token');
    return this.alone(async () => ({
      path,
      text: await this.write(path, null, ['admin'], `admin token, made on ${hostname()}`),
    }));
  }

  /** A tenant's token in a file of the demo. */
  async ensureTenant(tenantId: TenantId, scopes: readonly Scope[]): Promise<TokenFile> {
    return this.alone(() => this.ensure(join(this.env.dataDir, `${tenantId}-token`), tenantId, scopes, 'demo'));
  }

  /**
   * Processes that start at once, on one database and perhaps one folder, must not all find nothing and each make a
   * token.
   */
  private alone<Result>(work: () => Promise<Result>): Promise<Result> {
    return exclusively(this.databaseUrl, 'token-files', work);
  }

  private async ensure(
    path: string,
    tenantId: TenantId | null,
    scopes: readonly Scope[],
    name: string,
  ): Promise<TokenFile> {
    if (existsSync(path) && (await this.verifier.verify(readFileSync(path, 'utf8').trim(), 'api')))
      return { path, created: undefined };
    return { path, created: await this.write(path, tenantId, scopes, name) };
  }

  /** Resolves to the text of the new token. */
  private async write(path: string, tenantId: TenantId | null, scopes: readonly Scope[], name: string) {
    const { token } = await this.tokens.create(tenantId, { name, scopes, ttlSeconds: YEAR_SECONDS }, SYSTEM);
    mkdirSync(this.env.dataDir, { recursive: true });
    writeFileSync(path, `${token}\n`, { mode: 0o600 });
    chmodSync(path, 0o600); // The file may have existed, and then keeps its mode.
    return token;
  }
}
