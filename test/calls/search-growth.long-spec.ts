/** A search costs what it finds, not what has been said: newest first, page by page, each call once. */
import pg from 'pg';
import { scopeOf } from '../../src/calls/lists/call-query.js';
import { searchCalls } from '../../src/calls/lists/call-search.js';
import { parseSearch } from '../../src/calls/search/search-query.js';
import type { TenantId } from '../../src/common/ids.js';
import type { Run } from '../../src/database/pg-pool.js';
import { type CallPage, said, settled, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

/** Calls of one tenant; of those, the oldest third says "antique" besides, and the very oldest "needle". */
const CALLS = 2400;
const agent = fresh('mara');
let board: Switchboard;
let tenant: TestTenant;
let client: pg.Client;

/** Makes many calls of one, a minute apart, as the projection would have left them. */
async function multiply(call: string, count: number, older: number): Promise<void> {
  for (const [table, columns] of [
    ['calls', 'agent, state, transport, reason, ended_at, duration, last_at'],
    ['call_parts', 'key, kind, seq, text'],
  ] as const) {
    const moved = table === 'calls' ? ', started_at' : '';
    const time = table === 'calls' ? `, now() - (n + ${older}) * interval '1 minute'` : '';
    const state = table === 'calls' ? 'head' : 'state';
    await query(
      board.databaseUrl,
      `INSERT INTO ${table} (tenant_id, call_id, ${columns}, words, ${state}${moved})
       SELECT tenant_id, call_id || '-' || n, ${columns}, words, replace(${state}, call_id, call_id || '-' || n)${time}
       FROM ${table}, generate_series(1, $2::int) n WHERE call_id = $1`,
      [call, count],
    );
  }
}

beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '10000' });
  tenant = await board.createTenant({ agents: [agent] });
  const kinds: [string, number, string][] = [
    ['new', (CALLS * 2) / 3, 'a common table for two'],
    ['old', CALLS / 3 - 1, 'a common antique table'],
    ['oldest', 1, 'a common antique needle'],
  ];
  let older = 10;
  for (const [name, count, text] of kinds) {
    const call = fresh(name);
    await board.ingest(started(agent, call), said(agent, call, 'm1', text));
    await settled(board);
    await multiply(call, count, older);
    older += count;
    for (const table of ['calls', 'call_parts'])
      await query(board.databaseUrl, `DELETE FROM ${table} WHERE call_id = $1`, [call]);
  }
  client = new pg.Client({ connectionString: board.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await board.stop();
});

async function readAll(q: string, limit: number, asAdmin = false) {
  const [ids, pages]: [string[], CallPage[]] = [[], []];
  for (let next: string | null = ''; next !== null;) {
    const from: string = next === '' ? '' : `&cursor=${next}`;
    const parameters = `?q=${encodeURIComponent(q)}&limit=${limit}${from}`;
    const page = asAdmin
      ? await board.admin<CallPage>('GET', `/v1/admin/calls${parameters}`)
      : await board.request<CallPage>('GET', `/v1/calls${parameters}`, { token: tenant.token });
    expect(page.status).toBe(200);
    pages.push(page.body);
    ids.push(...page.body.calls.map(({ callId }) => callId));
    ({ next } = page.body);
  }
  return { ids, pages };
}

it.each<[string, number, boolean]>([
  ['common', CALLS, false],
  ['antique', CALLS / 3, false],
  ['antique', CALLS / 3, true],
  ['common -antique', (CALLS * 2) / 3, false],
  ['"common antique"', CALLS / 3, false],
  ['needle', 1, false],
  ['need', 1, true],
  ['nowhere', 0, false],
])('%s is found in %d calls, each once, newest first', async (q, count, asAdmin) => {
  const { ids, pages } = await readAll(q, 500, asAdmin);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(count);
  const times = pages
    .flatMap(({ calls }) => calls.map(({ callId }) => callId))
    .map((id) => Number(id.split('-').at(-1)));
  if (q === 'common') expect(times.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

const asked = (q: string, limit: number) => ({
  scope: scopeOf(tenant.id as TenantId),
  filter: { state: null, agents: null, search: null, narrowing: {}, sort: 'newest' as const },
  search: parseSearch(q, tenant.id),
  page: { lifetime: { since: new Date(0), until: new Date() }, cursor: null, limit },
});

/** Within a transaction that is rolled back. `meddle` may fail a statement. */
async function searching(q: string, limit: number, meddle: (text: string) => void = () => undefined) {
  await client.query('BEGIN');
  const run: Run = (text, values = []) => {
    meddle(text);
    return client.query(text, values);
  };
  const count = async () => {
    const { rows } = await client.query<{ name: string; scans: number; fetched: number }>(
      `SELECT relname AS name, seq_scan::int AS scans, idx_tup_fetch::int AS fetched FROM pg_stat_xact_user_tables
       WHERE relname IN ('calls', 'call_parts')`,
    );
    return new Map(rows.map((row) => [row.name, row]));
  };
  const before = await count();
  const found = await searchCalls(run, asked(q, limit));
  const after = await count();
  await client.query('ROLLBACK');
  const grown = (of: 'scans' | 'fetched') =>
    [...after].reduce((sum, [name, row]) => sum + row[of] - (before.get(name)?.[of] ?? 0), 0);
  return { ...found, scans: grown('scans'), fetched: grown('fetched') };
}

it('a word that is said often costs what is on its page, never a scan, with or without statistics', async () => {
  for (const statistics of ['', 'ANALYZE calls, call_parts']) {
    if (statistics !== '') await client.query(statistics);
    const { keys, scans, fetched } = await searching('common', 51);
    expect(keys).toHaveLength(51);
    expect(scans).toBe(0);
    expect(fetched).toBeLessThan(1500);
    expect((await searching('needle', 51)).scans).toBe(0);
  }
});

it('where the index takes too long, the search says how far it came, and goes on from there', async () => {
  const tooLong = (text: string) => {
    if (text.startsWith('WITH found')) throw Object.assign(new Error('too long'), { code: '57014' });
  };
  const { keys, reached } = await searching('antique', 51, tooLong);
  if (reached === null) expect(keys).toHaveLength(51);
  else expect(reached.startedAt.getTime()).toBeLessThan(Date.now() - 300 * 60_000);
  const impossible = await searching('nowhere', 51, tooLong);
  expect(impossible.keys).toEqual([]);
});
