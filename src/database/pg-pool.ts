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

/** How many connections a pool has, how many of them work, how many wait for one, and how many there may be. */
export interface PoolUse {
  readonly open: number;
  readonly busy: number;
  readonly waiting: number;
  readonly max: number;
}

export function useOf({ totalCount, idleCount, waitingCount, options }: pg.Pool): PoolUse {
  return { open: totalCount, busy: totalCount - idleCount, waiting: waitingCount, max: options.max };
}

/** Reads that must agree with each other see the database as of the first of them. */
export const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
/** The same; what it writes over a change that it has not seen fails. */
export const SNAPSHOT_TO_WRITE = 'BEGIN ISOLATION LEVEL REPEATABLE READ';

export interface PoolLimits {
  /** What PostgreSQL's list of connections calls it. */
  readonly name: string;
  readonly max: number;
  /** Kept open although nobody needs them now: connecting takes longer than most statements. */
  readonly min?: number;
  /** Longest that one statement may take, its waiting for locks included; 0: without end. */
  readonly statementMs: number;
}

/** What a new connection is asked first takes no longer: one that fell silent would hold who waits for it for ever. */
const CHECK_MS = 5000;

/** Every pool is made here: none without a bound in number and in time. `check`: before a new connection is used. */
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
 * What the process itself asks: the tail, where logs end, what was erased, the projection's progress, health. Never
 * what a customer may repeat as often as it likes (pools.ts): these wait for nobody. int8 columns arrive as numbers.
 */
@Injectable()
export class PgPool implements OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  protected readonly pool: pg.Pool;
  private check: (run: Run) => Promise<void> = () => Promise.resolve();

  constructor(@Inject(DATABASE_URL) databaseUrl: string) {
    this.pool = connectPool(databaseUrl, this.limits, (run) => this.check(run));
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    this.pool.on('error', (error) => this.logger.warn(`lost an idle connection: ${error.message}`));
  }

  protected get limits(): PoolLimits {
    return { name: 'switchboard', max: 4, min: 1, statementMs: 15_000 };
  }

  get use(): PoolUse {
    return useOf(this.pool);
  }

  /** From now on every new connection goes through it before anything else uses it, and is closed where it rejects. */
  checkConnections(check: (run: Run) => Promise<void>): void {
    this.check = check;
  }

  query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<Row>> {
    return this.pool.query<Row>(text, values);
  }

  /** As {@link query}, with a statement that the server parses once a connection. */
  prepared<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    return this.pool.query<Row>({ name, text, values });
  }

  /** Everything that `work` runs, or nothing: what it throws rolls back and is thrown on. */
  async transaction<T>(work: (run: Run) => Promise<T>, begin = 'BEGIN'): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // A connection that breaks between two statements says so here only; the next statement then fails.
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
