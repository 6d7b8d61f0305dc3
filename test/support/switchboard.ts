/** Boots the real app on port 0 with a database of its own, and speaks its API. */
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.setup.js';
import { TokenFiles } from '../../src/auth/tokens/token-files.js';
import { readEnv } from '../../src/config/env.js';
import { createDatabase } from './database.js';
import { stopLater } from './leftovers.js';
import { type ReadOptions, StreamReader } from './stream-reader.js';

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

export interface TestTenant {
  readonly id: string;
  readonly token: string;
  readonly tokenId: string;
}

let tenantCount = 0;

/** Is told of every answer to {@link Switchboard.request}. */
export type Witness = (method: string, path: string, answer: Answer<unknown>) => void;

export class Switchboard {
  witness: Witness | undefined;
  private readonly readers: StreamReader[] = [];
  private closing: Promise<void> | undefined;
  private readonly stopped = stopLater(() => this.stop());

  private constructor(
    readonly app: NestExpressApplication,
    readonly url: string,
    readonly databaseUrl: string,
    readonly adminToken: string,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /** Another process's worth of the product on the same database, with the same tokens. */
  beside(variables: Record<string, string> = {}): Promise<Switchboard> {
    return Switchboard.start({ DATABASE_URL: this.databaseUrl, ...variables }, [], this.adminToken);
  }

  static async start(
    variables: Record<string, string> = {},
    extraModules: Type[] = [],
    adminToken?: string,
  ): Promise<Switchboard> {
    const database = variables['DATABASE_URL'] === undefined ? await createDatabase() : undefined;
    const databaseUrl = variables['DATABASE_URL'] ?? database?.url ?? '';
    const dataDir = mkdtempSync(join(tmpdir(), 'switchboard-data-'));
    const env = readEnv({
      PORT: '0',
      SOURCES: 'none',
      PUBLIC_URL: 'http://switchboard.test',
      DATA_DIR: dataDir,
      ...variables,
    });
    const logger = process.env['TEST_LOG'] ? (['log', 'warn', 'error'] as const) : (false as const);
    const app = await createApp(env, databaseUrl, { logger: logger && [...logger] }, extraModules);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const admin = await app.get(TokenFiles).ensureAdmin();
    return new Switchboard(
      app,
      `http://127.0.0.1:${port}`,
      databaseUrl,
      adminToken ?? admin?.created ?? '',
      async () => {
        await database?.drop();
        rmSync(dataDir, { recursive: true, force: true });
      },
    );
  }

  /** The server goes down as at SIGTERM; readers see its goodbye, the database stays. */
  shutDown(): Promise<void> {
    return (this.closing ??= this.app.close());
  }

  async stop(): Promise<void> {
    for (const reader of this.readers) reader.close();
    await this.shutDown();
    await this.cleanUp();
    this.stopped();
  }

  async request<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { token, body, headers }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> {
    const isText = typeof body === 'string';
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(20_000), // A stream that was opened by mistake must fail the test, not hold it.
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: (text.startsWith('{') ? JSON.parse(text) : {}) as Body,
    };
    this.witness?.(method, path, answer);
    return answer;
  }

  admin<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    return this.request<Body>(method, path, { token: this.adminToken, body });
  }

  /** A tenant of the test's own, with these agents and a token that may read. */
  async createTenant({
    id,
    agents = [],
    scopes = ['events:read', 'agents:read'],
    ttl = '1h',
  }: { id?: string; agents?: string[]; scopes?: string[]; ttl?: string } = {}): Promise<TestTenant> {
    const tenant = id ?? `tenant-${++tenantCount}`;
    await expectStatus(201, this.admin('POST', '/v1/admin/tenants', { tenant }));
    for (const agent of agents) await this.assign(agent, tenant);
    return this.createToken(tenant, { scopes, ttl });
  }

  async createToken(
    tenant: string,
    { scopes = ['events:read'], ttl = '1h' }: { scopes?: string[]; ttl?: string } = {},
  ): Promise<TestTenant> {
    const { body } = await expectStatus(
      201,
      this.admin<{ id: string; token: string }>('POST', `/v1/admin/tenants/${tenant}/tokens`, {
        name: 'test',
        scopes,
        ttl,
      }),
    );
    return { id: tenant, token: body.token, tokenId: body.id };
  }

  async assign(agent: string, tenant: string, from: string | null = null): Promise<void> {
    await expectStatus(200, this.admin('PUT', `/v1/admin/agents/${encodeURIComponent(agent)}/owner`, { tenant, from }));
  }

  /** Takes events in as the platform; throws unless all were accepted. */
  async ingest(...events: object[]): Promise<void> {
    const { body } = await expectStatus(200, this.admin<{ rejected: unknown[] }>('POST', '/v1/ingest', events));
    if (body.rejected.length > 0) throw new Error(JSON.stringify(body.rejected));
  }

  async open(path: string, options: ReadOptions = {}): Promise<StreamReader> {
    const reader = await StreamReader.open(`${this.url}${path}`, options);
    this.readers.push(reader);
    return reader;
  }
}

export async function expectStatus<Body>(status: number, answer: Promise<Answer<Body>>): Promise<Answer<Body>> {
  const received = await answer;
  if (received.status !== status) throw new Error(`expected ${status}, got ${received.status}: ${received.text}`);
  return received;
}
