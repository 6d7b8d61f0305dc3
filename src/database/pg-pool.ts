import { Inject, Injectable, Logger, OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Connections } from './connections.js';
import type { DatabaseClient } from './database-client.js';
import { DATABASE_URL } from './database-url.js';
import { Ways } from './ways.js';

/** PostgreSQL's int8: positions and seqs stay far below 2^53, so they travel as numbers. */
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text'): unknown =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** Runs a statement within a transaction. */
export type Run = <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>;

/** How many connections a pool has, how many are in use, how many requests wait for one, and the most there may be. */
export interface PoolUse {
  readonly open: number;
  readonly busy: number;
  readonly waiting: number;
  readonly max: number;
}

export function useOf({ totalCount, idleCount, waitingCount, options }: pg.Pool): PoolUse {
  return { open: totalCount, busy: totalCount - idleCount, waiting: waitingCount, max: options.max };
}

/** Reads that must agree with each other: all see the database as of the first of them. */
export const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
/** The same, and a write over a change that it has not seen fails. */
export const SNAPSHOT_TO_WRITE = 'BEGIN ISOLATION LEVEL REPEATABLE READ';

export interface PoolLimits {
  /** Its name in PostgreSQL's list of connections. */
  readonly name: string;
  readonly max: number;
  /** Connections kept open while idle: connecting takes longer than most statements. */
  readonly min?: number;
  /** The longest that one statement may take, waits for locks included; 0: no limit. */
  readonly statementMs: number;
}

/** The limit of the first query on a new connection: a silent server would hold its caller for ever. */
const CHECK_MS = 5000;

/** Makes every pool: none is without a bound in number and time. `check` runs before a new connection is used. */
export function connectPool(
  databaseUrl: string,
  { name, max, min = 0, statementMs }: PoolLimits,
  check: (run: Run) => Promise<void> = () => Promise.resolve(),
): pg.Pool {
  const prepare = async (client: DatabaseClient) => {
    await client.prepare();
    await check((text, values = []) =>
      client.query({ text, values, query_timeout: CHECK_MS } as pg.QueryConfig<unknown[]>),
    );
  };
  return new Connections({ ways: Ways.to(databaseUrl), name, statementMs, types }, { max, min, prepare });
}

/**
 * For queries of the process itself: the tail, ends of logs, erasures, the projection's progress, health. Never for
 * queries that a customer may repeat without limit (pools.ts): these wait for nobody. int8 columns arrive as numbers.
 */
@Injectable()
export class PgPool implements OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  protected readonly pool: pg.Pool;
  private check: (run: Run) => Promise<void> = () => Promise.resolve();

  constructor(@Inject(DATABASE_URL) databaseUrl: string) {
    this.pool = connectPool(databaseUrl, this.limits, (run) => this.check(run));
    // The pool replaces an idle connection that breaks; without a listener the error would end the process.
    this.pool.on('error', (error) => this.logger.warn(`lost an idle connection: ${error.message}`));
  }

  protected get limits(): PoolLimits {
    return { name: 'switchboard', max: 4, min: 1, statementMs: 15_000 };
  }

  get use(): PoolUse {
    return useOf(this.pool);
  }

  /** From now on every new connection passes `check` before anything else uses it, and is closed if that rejects. */
  checkConnections(check: (run: Run) => Promise<void>): void {
    this.check = check;
  }

  query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<Row>> {
    return this.pool.query<Row>(text, values);
  }

  /** Like {@link query}, with a statement that the server parses once per connection. */
  prepared<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    return this.pool.query<Row>({ name, text, values });
  }

  /** Everything that `work` runs, or nothing: an error rolls back and is thrown again. */
  async transaction<T>(work: (run: Run) => Promise<T>, begin = 'BEGIN'): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // Only this event reports a connection that breaks between two statements; the next statement then fails.
    const onError = (error: Error) => (broken = error);
    client.on('error', onError);
    try {
      await client.query(begin);
      const result = await work((text, values = []) => client.query(text, values));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(onError);
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
