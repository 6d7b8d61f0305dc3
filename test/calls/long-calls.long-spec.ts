/** A call of any length costs a bounded amount, and one that cannot be digested costs only itself. */
import { jest } from '@jest/globals';
import pg from 'pg';
import { CallTables } from '../../src/calls/projection/call-tables.js';
import { type OneCall, callOf, callsOf, ended, idsIn, said, settled, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ CALL_MAX_EVENTS: '3000' })));
afterAll(() => board.stop());

const sql = <Row extends object>(text: string, values: unknown[] = []) => query<Row>(board.databaseUrl, text, values);

async function tenantWithCall() {
  const [agent, call] = [fresh('mara'), fresh('CA')];
  const acme = await board.createTenant({ agents: [agent] });
  return { acme, agent, call };
}

/** Messages as the log holds them, written at once: ingest would take its time. */
async function log({ acme, agent, call }: Awaited<ReturnType<typeof tenantWithCall>>, count: number, bytes: number) {
  await board.ingest(started(agent, call));
  await sql(
    `WITH head AS (UPDATE log_head SET position = position + $4 RETURNING position - $4 AS position),
       tenant AS (UPDATE tenant_heads SET seq = seq + $4 WHERE tenant_id = $1 RETURNING seq - $4 AS seq)
     INSERT INTO events (position, tenant_id, seq, call_id, agent, type, at, source_key, data)
     SELECT h.position + n, $1, t.seq + n, $3, $2, 'bot.speaking', now(), $3 || n,
       json_build_object('agent', $2::text, 'callId', $3::text, 'messageId', 'm' || n, 'seq', n,
                         'text', 'line ' || n || ' ' || repeat('x', $5))::text
     FROM head h, tenant t, generate_series(1, $4::int) n`,
    [acme.id, agent, call, count, bytes],
  );
}

/** Page by page, from the newest to the first. */
async function wholeOf(acme: TestTenant, call: string) {
  const pages: OneCall[] = [];
  for (let before: string | null = ''; before !== null;) {
    const asked: string = before === '' ? '' : `?before=${encodeURIComponent(before)}`;
    const { status, body, text } = await board.request<OneCall>('GET', `/v1/calls/${call}${asked}`, acme);
    expect([status, text.length < 5_000_000]).toEqual([200, true]);
    pages.unshift(body);
    before = body.earlier;
  }
  return {
    pages,
    transcript: pages.flatMap(({ transcript }) => transcript),
    tools: pages.flatMap(({ tools }) => tools),
  };
}

/** Characters that the projection reads of calls, from now on. */
function countLoaded(): () => number {
  const tables = board.app.get(CallTables);
  const load = tables.load.bind(tables);
  let loaded = 0;
  jest.spyOn(tables, 'load').mockImplementation((run, calls, maxBytes) =>
    load(
      async (text, values) => {
        const result = await run(text, values);
        loaded += JSON.stringify(result.rows).length;
        return result as never;
      },
      calls,
      maxBytes,
    ),
  );
  return () => {
    jest.restoreAllMocks();
    return loaded;
  };
}

/** While nobody can project, as by a process that stands still. */
async function whileNobodyProjects(work: () => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: board.databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT FROM projections WHERE name = 'calls' FOR UPDATE`);
    await work();
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

describe('a long call', () => {
  it('is read page by page, of bounded bytes, and the pages are the whole', async () => {
    const { acme, agent, call } = await tenantWithCall();
    const lines = Array.from({ length: 1100 }, (_, index) => said(agent, call, `m${index}`, `line ${index}`));
    const tools = Array.from({ length: 700 }, (_, index) => ({
      event: 'tool.call',
      agent,
      callId: call,
      id: `t${index}`,
      name: 'look',
      args: { index },
    }));
    const silent = { event: 'bot.speaking', agent, callId: call, messageId: 'b', text: '' };
    for (let index = 0; index < 1100; index += 100)
      await board.ingest(...lines.slice(index, index + 100), ...tools.slice(index, index + 100), silent);
    await settled(board);
    const whole = await wholeOf(acme, call);
    expect(whole.transcript.map(({ text }) => text)).toEqual(lines.map(({ text }) => text));
    expect(whole.tools.map(({ id }) => id)).toEqual(tools.map(({ id }) => id));
    expect(whole.pages.at(-1)?.transcript).toHaveLength(500);
    expect(whole.pages.length).toBeLessThan(6);
    for (const before of ['x', Buffer.from('9 a\0').toString('base64url'), Buffer.from('1').toString('base64url')])
      expect((await board.request('GET', `/v1/calls/${call}?before=${before}`, acme)).status).toBe(400);
  });

  it('is corrected by reading what is corrected, and nothing else of it', async () => {
    const { acme, agent, call } = await tenantWithCall();
    await log({ acme, agent, call }, 300, 60_000);
    await settled(board);
    const read = countLoaded();
    await board.ingest(
      { event: 'bot.corrected', agent, callId: call, supersedes: 17, seq: 9001, text: 'seventeen' },
      { event: 'bot.corrected', agent, callId: call, supersedes: 9001, seq: 9002, text: 'seventeen again' },
      { event: 'bot.corrected', agent, callId: call, messageId: 'm299', text: 'the last but one' },
    );
    const { body } = await callOf(board, acme, call);
    expect(read()).toBeLessThan(300_000);
    expect(body.transcript.at(-2)).toMatchObject({ text: 'the last but one', corrected: true });
    const { transcript } = await wholeOf(acme, call);
    expect(transcript).toHaveLength(300);
    expect(transcript[16]).toMatchObject({ text: 'seventeen again', corrected: true, messageId: 'm17' });
  });

  it('of more events than are taken in says so, ends as it ended, and comes out the same from a rebuild in pieces', async () => {
    const { acme, agent, call } = await tenantWithCall();
    await log({ acme, agent, call }, 3100, 10);
    await board.ingest(ended(agent, call), { event: 'bot.corrected', agent, callId: call, supersedes: 2, text: 'two' });
    await settled(board);
    const before = await wholeOf(acme, call);
    expect(before.transcript).toHaveLength(2999);
    expect(before.pages[0]).toMatchObject({ state: 'ended', reason: 'hangup', truncated: true });
    expect((await callsOf(board, acme)).body.calls).toMatchObject([{ callId: call, truncated: true }]);
    await board.admin('POST', '/v1/admin/calls/rebuild');
    await waitFor(async () => {
      const { body } = await board.request<{ calls: { state: string } }>('GET', '/readyz');
      return body.calls.state === 'up';
    }, 'the end of a rebuild');
    expect(await wholeOf(acme, call)).toEqual(before);
  });
});

describe('a list', () => {
  it('holds fewer calls than asked for where they are large, and says that there are more', async () => {
    const agent = fresh('mara');
    const acme = await board.createTenant({ agents: [agent] });
    const calls = Array.from({ length: 8 }, () => fresh('CA'));
    for (const call of calls) await board.ingest(started(agent, call), said(agent, call, 'u1', 'needle '.repeat(8000)));
    await settled(board);
    await sql(
      `UPDATE calls SET head = left(head, -1) || ',"pad":"' || repeat('x', 1500000) || '"}' WHERE tenant_id = $1`,
      [acme.id],
    );
    const found: string[] = [];
    let pages = 0;
    for (const q of ['', '&q=needle']) {
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await callsOf(board, acme, `?limit=100${q}${cursor === '' ? '' : `&cursor=${cursor}`}`);
        found.push(...idsIn(page));
        cursor = page.body.next;
        pages += 1;
      }
    }
    expect(found).toEqual([...calls].reverse().concat([...calls].reverse()));
    expect(pages).toBeGreaterThan(2);
  });
});

describe('an event that cannot be digested', () => {
  it('is passed over, counted, and costs no other event or call anything', async () => {
    const { acme, agent, call } = await tenantWithCall();
    const other = await tenantWithCall();
    const passedOver = async () => Number(/passed over"} (\d+)/.exec((await board.admin('GET', '/metrics')).text)?.[1]);
    const before = await passedOver();
    await whileNobodyProjects(async () => {
      await board.ingest(started(agent, call), said(agent, call, 'u1', 'one'), said(agent, call, 'u2', 'two'));
      await board.ingest(said(other.agent, other.call, 'u1', 'of another'));
      await sql(`UPDATE events SET data = 'connection closed' WHERE call_id = $1 AND data LIKE '%"one"%'`, [call]);
      await sql(`UPDATE events SET data = 'null' WHERE call_id = $1 AND type = 'call.started'`, [call]);
    });
    expect((await callOf(board, acme, call)).body.transcript.map(({ text }) => text)).toEqual(['two']);
    expect((await callOf(board, other.acme, other.call)).body.transcript).toHaveLength(1);
    expect((await passedOver()) - before).toBe(2);
  });

  it('and ends processes is left out with its call, which the operator sees, until a rebuild', async () => {
    const { acme, agent, call } = await tenantWithCall();
    const other = await tenantWithCall();
    await board.ingest(started(agent, call));
    await settled(board);
    await whileNobodyProjects(async () => {
      await board.ingest(said(agent, call, 'u1', 'deadly'), said(other.agent, other.call, 'u1', 'harmless'));
      // As processes leave it that died twice in the batch, and once in its first event alone.
      await sql(`INSERT INTO projection_attempts (name, place, attempts, size, careful)
        SELECT 'calls', position, 1, 2, 2 FROM projections WHERE name = 'calls'
        ON CONFLICT (name) DO UPDATE SET place = EXCLUDED.place, attempts = 1, size = 2, careful = 2`);
    });
    await board.ingest(said(agent, call, 'u2', 'after it'));
    expect((await callOf(board, other.acme, other.call)).body.transcript).toHaveLength(1);
    expect((await callOf(board, acme, call)).body.transcript).toEqual([]);
    expect((await board.admin('GET', `/v1/admin/calls/${call}`)).body).toMatchObject({ quarantined: true });
    const readyz = () => board.request<{ calls: { quarantined?: number; state: string } }>('GET', '/readyz');
    expect((await readyz()).body.calls.quarantined).toBe(1);
    await board.admin('POST', '/v1/admin/calls/rebuild');
    await waitFor(async () => (await readyz()).body.calls.state === 'up', 'the end of a rebuild');
    expect((await callOf(board, acme, call)).body.transcript).toHaveLength(2);
    expect((await readyz()).body.calls).not.toHaveProperty('quarantined');
  });
});
