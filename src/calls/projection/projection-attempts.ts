/**
 * Finds the call that ends the process which takes it in. Before a batch, its place and the number of its attempts are
 * committed separately. So the next process knows that the batch was begun and not ended. After two deaths the batch is
 * taken one by one. The event that is then under way at a death is the cause, and is not tried again. Only the holder
 * of the projection's row writes here.
 */
import { Injectable } from '@nestjs/common';
import { PgPool, type Run } from '../../database/pg-pool.js';

/**
 * `single`: take only the first of the batch. `quarantine`: take none, because the first has ended a process by itself.
 */
export type Manner = 'whole' | 'single' | 'quarantine';

export interface Attempt {
  /** Where the batch begins. */
  readonly place: string;
  /** How often it was begun and not ended. */
  readonly attempts: number;
  /** How many items it has. */
  readonly size: number;
  /** How many are still to be taken one by one. */
  readonly careful: number;
}

/** How often a batch may be begun and not ended before it is taken one by one. A process may die for other reasons. */
const MAX_ATTEMPTS = 2;

const READ = 'SELECT place, attempts, size, careful FROM projection_attempts WHERE name = $1';
/** A crash of PostgreSQL may lose this row. Then a death is not counted. */
const WRITE = `INSERT INTO projection_attempts (name, place, attempts, size, careful)
  SELECT $1, $2, $3::int, $4::int, $5::int FROM set_config('synchronous_commit', 'off', true)
  ON CONFLICT (name) DO UPDATE SET place = EXCLUDED.place, attempts = EXCLUDED.attempts, size = EXCLUDED.size,
    careful = EXCLUDED.careful`;

@Injectable()
export class ProjectionAttempts {
  /** Places where this process failed, went on, and could not record it. */
  private readonly failed = new Map<string, string>();

  constructor(private readonly pool: PgPool) {}

  /**
   * Runs `work` on the batch that begins here; `run` is the writer's. An error that `work` throws does not count as a
   * death.
   */
  async during<Result>(
    run: Run,
    name: string,
    { place, size }: Pick<Attempt, 'place' | 'size'>,
    work: (manner: Manner) => Promise<Result>,
  ): Promise<Result> {
    const manner = await this.begin(run, name, place, size);
    try {
      return await work(manner);
    } catch (error) {
      this.failed.set(name, place);
      await this.forgive(name).catch(() => undefined); // The database is away: `failed` says it to the next attempt.
      throw error;
    }
  }

  private async begin(run: Run, name: string, place: string, size: number): Promise<Manner> {
    const { rows } = await run<Attempt>(READ, [name]);
    const [known] = rows;
    const isOwnFailure = known?.place === place && this.failed.get(name) === place;
    const { attempt, manner } = attemptAfter(isOwnFailure ? forgiven(known) : known, place, size);
    await this.write(name, attempt);
    this.failed.delete(name);
    return manner;
  }

  /** Runs while the writer's row is still held. */
  private async forgive(name: string): Promise<void> {
    const { rows } = await this.pool.query<Attempt>(READ, [name]);
    const [known] = rows;
    if (known !== undefined) await this.write(name, forgiven(known));
    this.failed.delete(name);
  }

  private async write(name: string, { place, attempts, size, careful }: Attempt): Promise<void> {
    await this.pool.query(WRITE, [name, place, attempts, size, careful]);
  }
}

function forgiven(attempt: Attempt): Attempt {
  return { ...attempt, attempts: Math.max(0, attempt.attempts - 1) };
}

/** Pure. */
export function attemptAfter(
  known: Attempt | undefined,
  place: string,
  size: number,
): { attempt: Attempt; manner: Manner } {
  if (known?.place !== place) {
    // The attempt before ended.
    const careful = Math.max(0, (known?.careful ?? 0) - 1);
    return { attempt: { place, attempts: 1, size, careful }, manner: careful > 0 ? 'single' : 'whole' };
  }
  if (known.careful > 0)
    return { attempt: { ...known, attempts: 1 }, manner: known.attempts > 0 ? 'quarantine' : 'single' };
  if (known.attempts < MAX_ATTEMPTS)
    return { attempt: { ...known, size, attempts: known.attempts + 1 }, manner: 'whole' };
  return { attempt: { place, attempts: 1, size: known.size, careful: known.size }, manner: 'single' };
}
