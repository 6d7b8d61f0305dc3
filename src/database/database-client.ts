/**
 * Every connection to PostgreSQL, and nothing else makes one: what DATABASE_URL says (config/postgres-url.ts), and nothing that the
 * driver would find in the shell. At the start it says who it is, and no more: poolers refuse what they do not know. The rest is set
 * once it is connected.
 */
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { NoLogin, NoWrites, type Way, Ways } from './ways.js';
import { passwordFrom } from './password-file.js';
import { tlsOptions } from './tls.js';

/** As long as DATABASE_URL says nothing of it (`connect_timeout`). */
const CONNECT_MS = 5000;
const BOUND = 'SCRAM-SHA-256-PLUS';

export interface ClientOptions {
  readonly ways: Ways;
  /** What PostgreSQL's list of connections calls it; begins with "switchboard". */
  readonly name: string;
  /** Longest that one statement may take; undefined: the server's own. */
  readonly statementMs?: number | undefined;
  readonly keepAlive?: boolean;
  readonly stream?: () => Socket;
  readonly types?: pg.CustomTypesConfig;
}

export function connectMsOf({ url }: Ways): number {
  return url.connectMs ?? CONNECT_MS;
}

export class DatabaseClient extends pg.Client {
  readonly way: Way;
  private readonly login: Login;
  /** Why it cannot even be tried. A pool is told when it connects: what a constructor throws it does not catch. */
  private readonly unusable: Error | undefined;

  constructor(private readonly of: ClientOptions) {
    const { ways, name, keepAlive, stream, types } = of;
    const { url, current: way } = ways;
    const login = new Login(ways, way);
    const { options: tls, fault } = way.tls ? readTls(ways, way) : {};
    super({
      ...{ host: way.host.address, port: way.host.port, user: url.user, database: url.database },
      password: () => login.password(),
      application_name: url.applicationName === undefined ? name : `${name} ${url.applicationName}`.slice(0, 63),
      // Each is said, for what is not said the driver looks for in the shell.
      ...{ ssl: tls ?? false, sslnegotiation: tls ? url.tls.negotiation : 'postgres' },
      ...{ client_encoding: 'UTF8', connectionTimeoutMillis: connectMsOf(ways) },
      enableChannelBinding: way.tls && url.channelBinding !== 'disable',
      ...{ keepAlive: keepAlive ?? url.keepAlive, keepAliveInitialDelayMillis: url.keepAliveMs },
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

  /** In place of the driver's own, which would add what PGOPTIONS and PGREPLICATION say. */
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
      if (failure) this.wire.stream.destroy(); // The driver leaves it open.
      callback(failure ?? null);
    });
  }) as pg.Client['connect'];

  /**
   * To be called once it is connected, before anything else. Rejects where it led to the wrong server, or to none: a pooler says
   * that it is connected while it still waits for a server.
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

/** How one connection gets in. */
class Login {
  /** The server has said something before its TLS. */
  answered = false;
  private isBound = false;

  constructor(
    private readonly ways: Ways,
    private readonly way: Way,
  ) {}

  offer(mechanisms: readonly string[]): void {
    this.isBound = this.way.tls && mechanisms.includes(BOUND);
  }

  /** Asked for before anything of it is sent. */
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

/** A connection of its own that is ready. Rejects where no way leads to one. */
export function connect(databaseUrl: string, options: Omit<ClientOptions, 'ways'>): Promise<DatabaseClient> {
  const ways = Ways.to(databaseUrl);
  return ways.reach(async () => {
    const client = new DatabaseClient({ ...options, ways });
    client.on('error', () => undefined); // Said by what is asked of it; without a listener it would end the process.
    try {
      await client.connect();
      await client.prepare();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined); // Never connected.
      throw error;
    }
  });
}
