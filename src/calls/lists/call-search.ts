/**
 * Finds calls by what was said in them, or by who called, newest first, at a bounded cost however much has been said.
 * It first walks through the newest calls, in the order of the list. A word that is said often is found there, and the
 * walk ends when the page is full. If that finds little, it asks the index of words, which then has few matches to
 * gather. If the index has many matches all the same, it is given up after a moment, and the walk goes on. A search
 * that has not ended says how far it came, and the next page goes on from there.
 *
 * The planner's estimates of words decide nothing: each of the two ways is a statement that can be executed in one way
 * only.
 */
import { codeOf } from '../../database/database-errors.js';
import type { Run } from '../../database/pg-pool.js';
import {
  type CallCursor,
  type CallFilter,
  Conditions,
  type ListPage,
  NEWEST,
  type Scope,
  type Statement,
  narrow,
  newestOf,
} from './call-query.js';
import type { SearchQuery } from '../search/search-query.js';

export interface FoundKey {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly started_at: Date;
}

export interface Found {
  readonly keys: readonly FoundKey[];
  /**
   * The call up to which the search looked; null: it looked at every call. If it is not null, the page may have fewer
   * calls than were asked for.
   */
  readonly reached: CallCursor | null;
}

interface Asked {
  readonly scope: Scope;
  readonly filter: CallFilter;
  readonly search: SearchQuery;
  readonly page: ListPage;
}

/** Calls of the first walk, and of each later one. With 25 lines each, they take some 30 and 100 ms if none matches. */
const [FIRST_WALK, WALK] = [300, 1000];
/** If one of this many calls matches, it is faster to go on walking. */
const COMMON = 50;
/** How long the walk may take, and how long the index may take to gather its matches. */
const [WALKING_MS, LOOKING_UP_MS] = [200, 250];

const set = (settings: Record<string, string>) =>
  `SELECT ${Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', true)`)
    .join(', ')}`;
/**
 * An index of words needs bitmap scans, so without those it is not used. All other ways except an index are switched
 * off throughout.
 */
const WALKING = set({
  enable_bitmapscan: 'off',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
});
const LOOKING_UP = set({ enable_bitmapscan: 'on', statement_timeout: String(LOOKING_UP_MS) });
/** SQLSTATE query_canceled: the time limit. */
const CANCELLED = '57014';

/** Runs within a transaction of its own, because it changes the planner's settings. */
export async function searchCalls(run: Run, asked: Asked): Promise<Found> {
  const { limit, cursor } = asked.page;
  const keys: FoundKey[] = [];
  let reached = cursor;
  let isGivenUp = false;
  await run(WALKING);
  const endsAt = performance.now() + WALKING_MS;
  for (let calls = FIRST_WALK; ; calls = WALK) {
    const walked = await walk(run, asked, { ...asked.page, cursor: reached, limit: calls }, limit - keys.length);
    keys.push(...walked.keys);
    if (keys.length >= limit || walked.reached === null) return { keys, reached: null };
    reached = walked.reached;
    if (!isGivenUp && walked.keys.length * COMMON < calls) {
      const rest = await lookUp(run, asked, { ...asked.page, cursor: reached, limit: limit - keys.length });
      if (rest !== null) return { keys: [...keys, ...rest], reached: null };
      isGivenUp = true;
    }
    if (performance.now() >= endsAt + (isGivenUp ? LOOKING_UP_MS : 0)) return { keys, reached };
  }
}

/** The next calls that match, at most `limit`. `reached` null: there are no more calls. */
async function walk(run: Run, { scope, filter, search }: Asked, page: ListPage, limit: number): Promise<Found> {
  const where = new Conditions();
  scope(where);
  const next = newestOf(where, filter, page);
  const ways: string[] = [];
  if (search.number !== null) ways.push(`c.words @@ ${where.value(search.number)}::tsquery`);
  if (search.words !== null) {
    const words = `${where.value(search.words)}::tsquery`;
    // A separate look-up for each line. As an EXISTS, the planner might gather all matching lines of the platform.
    const line = `SELECT true FROM call_parts p WHERE p.tenant_id = c.tenant_id AND p.call_id = c.call_id AND p.words @@ ${words} LIMIT 1`;
    ways.push(`c.words @@ ${words}`, `(${line})`);
  }
  if (ways.length === 0) return { keys: [], reached: null };
  const text = `SELECT c.tenant_id, c.call_id, c.started_at FROM (${next}) c WHERE ${ways.join(' OR ')}
    ORDER BY ${NEWEST} LIMIT ${where.value(limit)}`;
  const { rows: keys } = await run<FoundKey>(text, where.values);
  return keys.length >= limit ? { keys, reached: null } : { keys, reached: await lastOf(run, { scope, filter, page }) };
}

/** The last of a walk's calls; null if the walk came to the end of all calls. */
async function lastOf(run: Run, { scope, filter, page }: Omit<Asked, 'search'>): Promise<CallCursor | null> {
  const where = new Conditions();
  scope(where);
  const calls = newestOf(where, filter, page);
  const text = `SELECT c.tenant_id, c.call_id, c.started_at FROM (${calls}) c ORDER BY ${NEWEST}
    OFFSET ${where.value(page.limit - 1)} LIMIT 1`;
  const { rows } = await run<FoundKey>(text, where.values);
  const [last] = rows;
  return last === undefined ? null : cursorAt(last);
}

/** All calls that the index finds; null if it takes too long to gather them. */
async function lookUp(run: Run, { scope, filter, search }: Asked, page: ListPage): Promise<FoundKey[] | null> {
  const { text, values } = lookUpQuery({ scope, filter, search }, page);
  await run('SAVEPOINT looking_up');
  try {
    await run(LOOKING_UP);
    const { rows } = await run<FoundKey>(text, values);
    return rows;
  } catch (error) {
    if (codeOf(error) !== CANCELLED) throw error;
    return null;
  } finally {
    // The settings are rolled back with it. The statement has changed nothing.
    await run('ROLLBACK TO SAVEPOINT looking_up').catch(() => undefined); // Broken; the next statement says so.
  }
}

function lookUpQuery({ scope, filter, search }: Omit<Asked, 'page'>, page: ListPage): Statement {
  const where = new Conditions();
  scope(where);
  narrow(where, filter, page);
  const ways: string[] = [];
  if (search.words !== null) {
    const words = `${where.value(search.words)}::tsquery`;
    // The words contain the tenant, too. With a condition on the column, the planner might choose an index of all the
    // tenant's lines instead.
    ways.push(...['call_parts', 'calls'].map((of) => `SELECT tenant_id, call_id FROM ${of} WHERE words @@ ${words}`));
  }
  if (search.number !== null)
    ways.push(`SELECT tenant_id, call_id FROM calls WHERE words @@ ${where.value(search.number)}::tsquery`);
  const text = `WITH found AS MATERIALIZED (${ways.join(' UNION ')})
    SELECT c.tenant_id, c.call_id, c.started_at FROM found f CROSS JOIN LATERAL (
      SELECT * FROM calls c WHERE c.tenant_id = f.tenant_id AND c.call_id = f.call_id AND ${where.text} OFFSET 0) c
    ORDER BY ${NEWEST} LIMIT ${where.value(page.limit)}`;
  return { text, values: where.values };
}

export function cursorAt({ started_at, call_id, tenant_id, value }: FoundKey & { value?: number }): CallCursor {
  return { value, startedAt: started_at, callId: call_id, tenantColumn: tenant_id };
}
