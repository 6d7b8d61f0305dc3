/** A filter that lets little through finds it by marks; what it answers is what a look through the whole log would. */
import { query } from '../support/database.js';
import { fillLog } from '../support/filled-log.js';
import { ended, said, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

const CHUNK = 4096;
const EVENTS = 3 * CHUNK + 700;
const [TENANT, AGENT, OTHER] = ['marked', 'mara', 'rosa'];

let board: Switchboard;
let token: string;

const marked = async (log: string) => {
  const sql = 'SELECT until FROM log_marked WHERE tenant_id = $1';
  const [row] = await query<{ until: string }>(board.databaseUrl, sql, [log]);
  return Number(row?.until ?? 0);
};

interface LogPage {
  readonly events: readonly { readonly id: string; readonly type: string }[];
  readonly next: string;
  readonly live: boolean;
}

/** All that a filter lets through, page by page. */
async function read(filter: string, limit = 1000) {
  const [ids, types]: [string[], Set<string>] = [[], new Set()];
  let pages = 0;
  for (let after = '0', live = false; !live; pages += 1) {
    const path = `/v1/log?limit=${limit}&after=${after}&${filter}`;
    const { status, body, text } = await board.request<LogPage>('GET', path, { token });
    if (status !== 200) throw new Error(text);
    for (const { id, type } of body.events) {
      ids.push(id);
      types.add(type);
    }
    ({ next: after, live } = body);
  }
  return { ids: ids.map(Number), types: [...types].sort(), pages };
}

/** What the log itself says, by a condition on a row. */
async function wanted(condition: string): Promise<number[]> {
  const sql = `SELECT seq::int FROM events WHERE tenant_id = $1 AND (${condition}) ORDER BY seq`;
  return (await query<{ seq: number }>(board.databaseUrl, sql, [TENANT])).map(({ seq }) => seq);
}

beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '10000' });
  await fillLog(board.databaseUrl, {
    tenant: TENANT,
    agent: AGENT,
    events: EVENTS,
    type: `CASE WHEN n % 4001 = 17 THEN 'rare.one' WHEN n % 3999 = 5 THEN 'rare.two' WHEN n % 20 = 3 THEN 'often.so'
      WHEN n BETWEEN ${CHUNK + 1} AND ${2 * CHUNK} THEN 'middle.only' ELSE 'bot.said' END`,
  });
  await query(board.databaseUrl, 'INSERT INTO agents (name, tenant_id, since) VALUES ($1, $2, now())', [OTHER, TENANT]);
  await query(board.databaseUrl, 'UPDATE events SET agent = $1 WHERE seq % 2003 = 9', [OTHER]);
  const made = await board.admin<{ token: string }>('POST', `/v1/admin/tenants/${TENANT}/tokens`, {
    name: 'reads',
    scopes: ['events:read', 'events:write'],
  });
  token = made.body.token;
  await waitFor(async () => (await marked(TENANT)) === 3 * CHUNK && (await marked('')) >= 3 * CHUNK, 'the marks');
});
afterAll(() => board.stop());

it.each([
  ['types=rare.one', `type = 'rare.one'`],
  ['types=rare.*', `type LIKE 'rare.%'`],
  ['types=rare.one,often.so', `type IN ('rare.one', 'often.so')`],
  ['types=middle.only', `type = 'middle.only'`],
  ['types=rare.*,middle.only', `type LIKE 'rare.%' OR type = 'middle.only'`],
  ['types=absent.one', 'false'],
  ['types=absent.*', 'false'],
  [`agents=${OTHER}`, `agent = '${OTHER}'`],
  [`agents=${OTHER}&types=often.so`, `agent = '${OTHER}' AND type = 'often.so'`],
  [`agents=${OTHER},${AGENT}&types=rare.*`, `type LIKE 'rare.%'`],
])('%s finds all that the log has of it, and nothing else', async (filter, condition) => {
  const all = await wanted(condition);
  expect((await read(filter)).ids).toEqual(all);
  expect((await read(filter, 97)).ids).toEqual(all);
});

it('what is rare or absent is found on one page, however much lies between', async () => {
  for (const filter of ['types=rare.one', 'types=absent.*', `agents=${OTHER}`]) expect((await read(filter)).pages).toBe(1);
  const fetched = await query<{ places: string[] | null }>(
    board.databaseUrl,
    `SELECT places FROM log_stretch($1, 0, 20000, 500, NULL, ARRAY['rare.one'], NULL)`,
    [TENANT],
  );
  expect(fetched[0]?.places?.map(Number)).toEqual((await wanted(`type = 'rare.one' AND seq <= ${3 * CHUNK}`)));
}); // prettier-ignore

it('an admin’s filters are marked by position', async () => {
  const { rows } = { rows: await query<{ places: string[] | null; reached: string }>(
    board.databaseUrl,
    `SELECT places, reached FROM log_stretch(NULL, 0, 20000, 500, NULL, ARRAY['rare.one'], ARRAY[$1])`,
    [TENANT],
  ) };
  expect(rows[0]?.places?.map(Number)).toEqual((await wanted(`type = 'rare.one' AND seq <= ${3 * CHUNK}`)));
  const none = await query<{ places: string[] | null; reached: string }>(
    board.databaseUrl,
    `SELECT places, reached FROM log_stretch(NULL, 0, 20000, 500, NULL, NULL, ARRAY[''])`,
  );
  expect(none[0]).toMatchObject({ places: [], reached: String(3 * CHUNK) });
}); // prettier-ignore

it('a tombstone that takes the place of an event is found there', async () => {
  const call = 'to-be-erased';
  const sent = await board.request('POST', '/v1/ingest', {
    token,
    body: [started(AGENT, call), said(AGENT, call, 'm1', 'a secret'), ended(AGENT, call)],
  });
  expect(sent.status).toBe(200);
  const seqs = await wanted(`call_id = '${call}'`);
  await query(
    board.databaseUrl,
    `WITH head AS (UPDATE log_head SET position = position + ${CHUNK} RETURNING position), moved AS (
       UPDATE tenant_heads SET seq = seq + ${CHUNK} WHERE tenant_id = $1 RETURNING seq)
     INSERT INTO events (position, tenant_id, seq, agent, type, at, source_key, data)
     SELECT h.position - ${CHUNK} + n, $1, m.seq - ${CHUNK} + n, $2, 'bot.said', now(), 'more ' || n, '{}'
     FROM head h, moved m, generate_series(1, ${CHUNK}) n`,
    [TENANT, AGENT],
  );
  await waitFor(async () => (await marked(TENANT)) === 4 * CHUNK, 'the next chunk to be marked');
  expect(seqs.every((seq) => seq <= 4 * CHUNK)).toBe(true);
  expect((await board.admin('DELETE', `/v1/admin/calls/${call}`)).status).toBeLessThan(300);
  expect((await read('types=call.erased')).ids).toEqual(await wanted(`type = 'call.erased'`));
  expect((await read('types=call.erased')).ids).toEqual(expect.arrayContaining(seqs));
});

it('a tenant that is erased takes its marks along', async () => {
  expect((await board.admin('DELETE', `/v1/admin/tenants/${TENANT}`)).status).toBeLessThan(300);
  await waitFor(async () => {
    const [row] = await query<{ left: number }>(
      board.databaseUrl,
      `SELECT (SELECT count(*) FROM log_marks WHERE tenant_id = $1)::int
        + (SELECT count(*) FROM log_marked WHERE tenant_id = $1)::int AS left`,
      [TENANT],
    );
    return row?.left === 0;
  }, 'the marks to be gone');
});
