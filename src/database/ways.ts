/**
 * The ways to a database: its hosts, each with TLS or without, in the order in which libpq tries them. Every connection
 * of a process starts with the way that worked last: a host or TLS that failed once is not tried first for ever.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
import pg from 'pg';
import { InvalidPostgresUrl } from '../config/postgres-parameters.js';
import { type PostgresHost, type PostgresUrl, type SslMode, readPostgresUrl } from '../config/postgres-url.js';

export interface Way {
  readonly host: PostgresHost;
  readonly tls: boolean;
}

const WITH_TLS: Record<SslMode, readonly boolean[]> = {
  disable: [false],
  allow: [false, true],
  prefer: [true, false],
  require: [true],
  'verify-ca': [true],
  'verify-full': [true],
};

/** invalid_authorization_specification: the other kind of connection may be allowed for this user. */
const NOT_SO = '28000';
/** No login was refused: the server can serve nobody now, or it is not the server that we look for. */
const ELSEWHERE = /^(57P0[1-5]|53300|25006|STANDBY)$/;

/** The connection broke, whatever was said over it. */
const LOST = /^(ECONNRESET|EPIPE|ETIMEDOUT)$/;

/** We ourselves refused to log in. That holds for every way. */
export class NoLogin extends Error {
  readonly code = '28P01';
}

/** A server that accepts no writes now, but one is needed. */
export class NoWrites extends Error {
  constructor(readonly code: 'STANDBY' | '25006') {
    super(code === 'STANDBY' ? 'it is a standby' : 'it takes no writes');
  }
}

export class Ways {
  private static readonly known = new Map<string, Ways>();
  private readonly all: readonly Way[];
  private now = 0;
  /** How often the way has changed. */
  private changes = 0;

  private constructor(readonly url: PostgresUrl) {
    const { hosts, tls, channelBinding } = url;
    this.all = hosts.flatMap((host) =>
      (host.name.startsWith('/') ? [false] : WITH_TLS[tls.mode])
        .filter((withTls) => withTls || channelBinding !== 'require')
        .map((withTls) => ({ host, tls: withTls })),
    );
    if (this.all.length === 0)
      throw new InvalidPostgresUrl('channel_binding=require needs TLS, which a Unix socket has not');
  }

  /** One object for the whole process. Throws if the URL cannot be read. */
  static to(databaseUrl: string): Ways {
    const known = Ways.known.get(databaseUrl) ?? new Ways(readPostgresUrl(databaseUrl));
    Ways.known.set(databaseUrl, known);
    return known;
  }

  /** The way to take next. */
  get current(): Way {
    return this.all[this.now] as Way;
  }

  /** Notes a failure on this way. `answered`: a server was there. */
  fail(way: Way, error: unknown, answered: boolean): void {
    if (way !== this.current) return; // Another connection has changed the way already.
    const next = this.after(way, error, answered);
    if (next === way) return;
    this.now = this.all.indexOf(next);
    this.changes += 1;
  }

  /** Repeats the attempt while its failures point to other ways, each at most once. */
  async reach<Reached>(attempt: () => Promise<Reached>): Promise<Reached> {
    const failures: string[] = [];
    for (;;) {
      const { current, changes } = this;
      try {
        return await attempt();
      } catch (error) {
        failures.push(`${current.host.name}:${current.host.port}: ${wordsOf(error)}`);
        if (this.changes === changes || failures.length >= this.all.length) throw this.sumOf(failures, error);
      }
    }
  }

  private after(way: Way, error: unknown, answered: boolean): Way {
    if (error instanceof NoLogin) return way;
    const others = [...this.all.slice(this.now + 1), ...this.all.slice(0, this.now)];
    const isSame = ({ host }: Way) => host === way.host;
    const otherwise = others.find(isSame);
    const elsewhere = others.find((one) => !isSame(one));
    const code = error instanceof pg.DatabaseError || error instanceof NoWrites ? error.code : undefined;
    if (code === NOT_SO) return otherwise ?? way;
    if (code !== undefined && !ELSEWHERE.test(code)) return way;
    const tlsFailed = way.tls && answered && code === undefined && !LOST.test(codeOf(error));
    return (tlsFailed ? otherwise : undefined) ?? elsewhere ?? way;
  }

  /** If there are several hosts, the message names them all. */
  private sumOf(failures: readonly string[], last: unknown): unknown {
    if (this.url.hosts.length === 1) return last;
    return Object.assign(new Error([...new Set(failures)].join('; ')), { code: codeOf(last) || undefined });
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** A refused connection to several addresses is an AggregateError without a message of its own. */
export function wordsOf(error: unknown): string {
  const { errors: [first = error] = [] } = error as { errors?: unknown[] };
  return (first as Error).message;
}
