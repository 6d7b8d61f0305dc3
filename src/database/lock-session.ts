/**
 * A connection of its own whose advisory locks are ours for as long as it lives: PostgreSQL frees them at once when the process
 * is killed. When the connection breaks, nothing that a lock protects may go on; so that this is noticed here before the
 * server gives the lock to somebody else, we ask more often than its keep-alives do.
 */
import { type DatabaseClient, connect } from './database-client.js';
import { cameInTime } from '../common/waiting.js';

/** How often the connection is tried, and how long it may take to answer. Together less than the server's patience. */
const BEAT_MS = 1000;
const ANSWER_MS = 1500;
/** A peer that is gone without a word loses its locks after 3 s: https://www.postgresql.org/docs/current/runtime-config-connection.html */
const KEEP_ALIVE = `SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2;
  SET tcp_user_timeout = 3000; SET idle_session_timeout = 0`;

/**
 * The key of a lock by its name, $1. Locks are the whole database's, so those of one schema have other keys than another's; in `public`
 * it is the name's alone, as in versions that knew no other.
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

  /** False when somebody else has it. */
  async tryLock(name: string): Promise<boolean> {
    const text = `SELECT pg_try_advisory_lock(${KEY}) AS got`;
    const { rows } = await this.inTurn(() => this.client.query<{ got: boolean }>(text, [name]));
    return rows[0]?.got === true;
  }

  /** Those of them that nobody else has, and neither have we. */
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
    await this.client.end().catch(() => undefined); // Broken already.
  }

  private inTurn<Result>(ask: () => Promise<Result>): Promise<Result> {
    const answer = this.last.then(ask);
    this.last = answer.catch(() => undefined); // Told to whom it concerns.
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
    void this.client.end().catch(() => undefined); // Broken already.
  }
}
