/**
 * Makes every connection to PostgreSQL; nothing else does. A connection follows DATABASE_URL (config/postgres-url.ts)
 * and nothing that the driver would find in the shell. At the start it sends only who it is, because poolers refuse
 * parameters that they do not know. The rest is set once it is connected.
 */
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { NoLogin, NoWrites, type Way, Ways } from './ways.js';
import { passwordFrom } from './password-file.js';
import { tlsOptions } from './tls.js';

/** Applies if DATABASE_URL does not set `connect_timeout`. */
const CONNECT_MS = 5000;
const BOUND = 'SCRAM-SHA-256-PLUS';

export interface ClientOptions {
  readonly ways: Ways;
  /** Its name in PostgreSQL's list of connections; begins with "switchboard". */
  readonly name: string;
  /** The longest that one statement may take; undefined: the server's own limit. */
  readonly statementMs?: number | undefined;
  readonly keepAlive?: boolean;
  readonly stream?: () => Socket;
  readonly types?: pg.CustomTypesConfig;
}

export function connectMsOf({ url }: Ways): number {
  return url.connectMs ?? CONNECT_MS;
}

/** The server was there, but a connection was not ready within the time that it may take. */
class LateServer extends Error {
  readonly code = 'ETIMEDOUT';
}

export class DatabaseClient extends pg.Client {
  readonly way: Way;
  private readonly login: Login;
  /**
   * Why a connection cannot even be tried. A pool is told when it connects, because it does not catch what a
   * constructor throws.
   */
  private readonly unusable: Error | undefined;

  constructor(private readonly of: ClientOptions) {
    const { ways, name, keepAlive, stream, types } = of;
    const { url, current: way } = ways;
    const login = new Login(ways, way);
    const { options: tls, fault } = way.tls ? readTls(ways, way) : {};
    super({
      host: way.host.address,
      port: way.host.port,
      user: url.user,
      database: url.database,
      password: () => login.password(),
      application_name: url.applicationName === undefined ? name : `${name} ${url.applicationName}`.slice(0, 63),
      // Each is set, because the driver looks in the shell for any that is not.
      ssl: tls ?? false,
      sslnegotiation: tls ? url.tls.negotiation : 'postgres',
      client_encoding: 'UTF8',
      connectionTimeoutMillis: connectMsOf(ways),
      enableChannelBinding: way.tls && url.channelBinding !== 'disable',
      keepAlive: keepAlive ?? url.keepAlive,
      keepAliveInitialDelayMillis: url.keepAliveMs,
      ...(stream && { stream }),
      ...(types && { types }),
    });
    this.way = way;
    this.login = login;
    this.unusable = fault;
    this.wire.once('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => login.offer(mechanisms));
    if (tls && url.tls.negotiation === 'postgres') this.wire.stream.once('data', () => (login.answered = true));
  }

  private get wire(): NodeJS.EventEmitter & { readonly stream: Socket } {
    return (this as unknown as { connection: DatabaseClient['wire'] }).connection;
  }

  /** Replaces the driver's own, which would add PGOPTIONS and PGREPLICATION. */
  getStartupConf(): Record<string, string> {
    const {
      user = '',
      database = '',
      connectionParameters,
    } = this as unknown as Record<string, string> & {
      connectionParameters: { application_name: string };
    };
    const { options } = this.of.ways.url;
    return { user, database, application_name: connectionParameters.application_name, ...(options && { options }) };
  }

  override connect = ((callback?: (error: Error | null) => void) => {
    if (callback === undefined)
      return new Promise((resolve, reject) =>
        this.connect((error: Error | null) => (error ? reject(error) : resolve(this))),
      );
    if (this.unusable) return process.nextTick(callback, this.unusable);
    super.connect((error: Error | null) => {
      const failure = error ?? this.login.fault();
      if (failure) this.failed(failure);
      if (failure) this.wire.stream.destroy(); // The driver leaves the socket open.
      callback(failure ?? null);
    });
  }) as pg.Client['connect'];

  /**
   * Call this once it is connected, before anything else. Rejects if the connection leads to the wrong server, or to
   * none: a pooler says that it is connected while it still waits for a server.
   */
  async prepare(): Promise<void> {
    const { statementMs, ways } = this.of;
    const { schema, settings, needsWrites } = ways.url;
    const wanted = [
      ...settings,
      ...(schema === undefined ? [] : [['search_path', pg.escapeIdentifier(schema)] as const]),
      ...(statementMs === undefined ? [] : [['statement_timeout', String(statementMs)] as const]),
    ];
    const texts = wanted.map(
      ([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, false)`,
    );
    await this.ask(`SELECT ${texts.join(', ')}`);
    if (needsWrites) await this.assertTakesWrites();
  }

  private async assertTakesWrites(): Promise<void> {
    const { rows } = await this.ask(
      `SELECT CASE WHEN pg_is_in_recovery() THEN 'STANDBY'
        WHEN current_setting('default_transaction_read_only') = 'on' THEN '25006' END AS code`,
    );
    const code = rows[0]?.['code'] as NoWrites['code'] | null;
    if (code === null) return;
    const failure = new NoWrites(code);
    this.failed(failure);
    throw failure;
  }

  private ask(text: string): Promise<pg.QueryResult<Record<string, unknown>>> {
    return this.query({ text, query_timeout: connectMsOf(this.of.ways) } as pg.QueryConfig);
  }

  private failed(error: Error): void {
    this.of.ways.fail(this.way, error, this.login.answered);
  }
}

function readTls({ url }: Ways, { host }: Way): { options?: ConnectionOptions; fault?: Error } {
  try {
    return { options: tlsOptions(url.tls, host) };
  } catch (error) {
    return { fault: error as Error };
  }
}

/** How one connection logs in. */
class Login {
  /** The server has sent something before its TLS. */
  answered = false;
  private isBound = false;

  constructor(
    private readonly ways: Ways,
    private readonly way: Way,
  ) {}

  offer(mechanisms: readonly string[]): void {
    this.isBound = this.way.tls && mechanisms.includes(BOUND);
  }

  /** Asked for before any of it is sent. */
  password(): string {
    const { url } = this.ways;
    const fault = this.fault();
    if (fault) throw fault;
    const password = url.password ?? passwordFrom(url, this.way.host);
    if (password === undefined)
      throw new NoLogin('the server asks for a password: name one in DATABASE_URL, PGPASSWORD or a password file');
    return password;
  }

  /** With `channel_binding=require` no other login will do, not even one without a password. */
  fault(): Error | undefined {
    if (this.ways.url.channelBinding !== 'require' || this.isBound) return undefined;
    return new NoLogin('channel_binding=require, and the server offers none');
  }
}

/** A dedicated connection that is ready. Rejects if no way leads to one. */
export function connect(databaseUrl: string, options: Omit<ClientOptions, 'ways'>): Promise<DatabaseClient> {
  const ways = Ways.to(databaseUrl);
  return ways.reach(async () => {
    const began = performance.now();
    const client = new DatabaseClient({ ...options, ways });
    client.on('error', () => undefined); // Without a listener it would end the process.
    try {
      await client.connect();
      await client.prepare();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined); // It was never connected.
      const isLate = performance.now() - began >= connectMsOf(ways) && (error as { code?: unknown }).code === undefined;
      throw isLate ? new LateServer((error as Error).message, { cause: error }) : error;
    }
  });
}
