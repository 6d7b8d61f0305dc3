/**
 * A dedicated connection whose advisory locks are ours for as long as it lives; PostgreSQL frees them at once if the
 * process is killed. If the connection breaks, nothing that a lock protects may go on. We must notice that before the
 * server gives the lock to another process, so we ask more often than its keep-alives do.
 */
import { type DatabaseClient, connect } from './database-client.js';
import { cameInTime } from '../common/waiting.js';

/** How often the connection is tried, and how long an answer may take. Together less than the server's patience. */
const BEAT_MS = 1000;
const ANSWER_MS = 1500;
/**
 * A peer that vanishes loses its locks after 3 s:
 * https://www.postgresql.org/docs/current/runtime-config-connection.html
 */
const KEEP_ALIVE = `SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2;
  SET tcp_user_timeout = 3000; SET idle_session_timeout = 0`;

/**
 * The key of a lock by its name, $1. Locks belong to the whole database, so each schema has other keys. In `public` the
 * key depends on the name alone, as in versions without schemas.
 */
export const KEY = `hashtextextended(concat_ws(' ', $1::text, nullif(current_schema()::text, 'public')), 0)`;

export class LockSession {
  private readonly abort = new AbortController();
  private readonly beat: NodeJS.Timeout;
  /** The connection takes one statement at a time. */
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly client: DatabaseClient) {
    client.on('error', () => this.lose());
    client.once('end', () => this.lose());
    this.beat = setInterval(() => void this.tryConnection(), BEAT_MS);
  }

  static async open(databaseUrl: string): Promise<LockSession> {
    const client = await connect(databaseUrl, { name: 'switchboard-lease', keepAlive: true });
    const session = new LockSession(client);
    await client.query(KEEP_ALIVE);
    return session;
  }

  /** Aborts when the connection is lost, and every lock with it. */
  get lost(): AbortSignal {
    return this.abort.signal;
  }

  /** False if another process has the lock. */
  async tryLock(name: string): Promise<boolean> {
    const text = `SELECT pg_try_advisory_lock(${KEY}) AS got`;
    const { rows } = await this.inTurn(() => this.client.query<{ got: boolean }>(text, [name]));
    return rows[0]?.got === true;
  }

  /** Those of these locks that nobody has, neither others nor we. */
  async tryLocks(names: readonly string[]): Promise<string[]> {
    const text = `SELECT name FROM unnest($1::text[]) AS asked(name) WHERE pg_try_advisory_lock(${KEY.replace('$1::text', 'name')})`;
    const { rows } = await this.inTurn(() => this.client.query<{ name: string }>(text, [names]));
    return rows.map(({ name }) => name);
  }

  async unlock(name: string): Promise<void> {
    await this.inTurn(() => this.client.query(`SELECT pg_advisory_unlock(${KEY})`, [name]));
  }

  async close(): Promise<void> {
    this.lose();
    await this.client.end().catch(() => undefined); // The connection is broken already.
  }

  private inTurn<Result>(ask: () => Promise<Result>): Promise<Result> {
    const answer = this.last.then(ask);
    this.last = answer.catch(() => undefined); // The listeners of the signal are told.
    return answer;
  }

  private async tryConnection(): Promise<void> {
    if (
      !(await cameInTime(
        this.inTurn(() => this.client.query('SELECT')),
        ANSWER_MS,
      ))
    )
      this.lose();
  }

  private lose(): void {
    if (this.abort.signal.aborted) return;
    clearInterval(this.beat);
    this.abort.abort();
    void this.client.end().catch(() => undefined); // The connection is broken already.
  }
}
