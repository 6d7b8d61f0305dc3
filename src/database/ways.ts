/**
 * The ways to a database: its hosts, each with TLS or without, in the order in which libpq tries them. Whoever connects begins with the
 * one that led there last, all of a process alike: what failed once, a host or its TLS, is not asked first for ever.
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
  ...{ disable: [false], allow: [false, true], prefer: [true, false], require: [true] },
  ...{ 'verify-ca': [true], 'verify-full': [true] },
};

/** invalid_authorization_specification: this user is let in by the other kind of connection, perhaps. */
const NOT_SO = '28000';
/** No login was refused there, only nobody can be served now; or it is not the server that is looked for. */
const ELSEWHERE = /^(57P0[1-5]|53300|25006|STANDBY)$/;

/** The connection broke, whatever was said over it. */
const LOST = /^(ECONNRESET|EPIPE|ETIMEDOUT)$/;

/** We ourselves would not log in. That holds for every way. */
export class NoLogin extends Error {
  readonly code = '28P01';
}

/** A server that takes no writes now, where one is needed. */
export class NoWrites extends Error {
  constructor(readonly code: 'STANDBY' | '25006') {
    super(code === 'STANDBY' ? 'it is a standby' : 'it takes no writes');
  }
}

export class Ways {
  private static readonly known = new Map<string, Ways>();
  private readonly all: readonly Way[];
  private now = 0;
  /** How often another one has been chosen. */
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

  /** The same for all of a process. Throws where the URL cannot be read. */
  static to(databaseUrl: string): Ways {
    const known = Ways.known.get(databaseUrl) ?? new Ways(readPostgresUrl(databaseUrl));
    Ways.known.set(databaseUrl, known);
    return known;
  }

  /** The one to take next. */
  get current(): Way {
    return this.all[this.now] as Way;
  }

  /** After a failure on this way. `answered`: somebody was there. */
  fail(way: Way, error: unknown, answered: boolean): void {
    if (way !== this.current) return; // Somebody else was quicker.
    const next = this.after(way, error, answered);
    if (next === way) return;
    this.now = this.all.indexOf(next);
    this.changes += 1;
  }

  /** Attempts it again for as long as its failures show other ways, each at most once. */
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

  /** Of several hosts all are told about. */
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
