/**
 * Positions never go back (promise 2): a database that is restored knows less than readers have seen, and nobody misses
 * in silence.
 */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { EventTail } from '../../src/events/live/event-tail.js';
import { LogLineage } from '../../src/events/log/log-lineage.js';
import { callsOf, idsIn } from '../support/calls.js';
import { copyDatabase, createDatabase, query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message, texts } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const MAIN = resolve(import.meta.dirname, '../../dist/main.js');
const numbersFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => String(first + index));

let live: { url: string; drop(): Promise<void> };
let restored: { url: string; drop(): Promise<void> };
let board: Switchboard;
let beside: Switchboard;
let adminToken = '';
let before: TestTenant;
let [mara, julia, call] = ['', '', ''];
/** The number after which the restored log went on. */
let after = 0;
/** The last position before the database was lost, and the first one that the restored one said. */
let [lastPosition, position] = [0, 0];
/** While there was nothing new yet. */
let resumedAtOnce: Awaited<ReturnType<typeof resume>>;

const start = async (url: string) => (board = await Switchboard.start({ DATABASE_URL: url }, [], adminToken));
const headOf = async (url: string) =>
  Number((await query<{ position: string }>(url, 'SELECT position FROM log_head'))[0]?.position);
const lineageOf = async (url: string) =>
  Number((await query<{ after: string }>(url, 'SELECT resumed_after AS after FROM log_lineage'))[0]?.after);

/** Two processes that find out at the same moment: what they write waits until both know. */
async function startTwo(url: string): Promise<Switchboard> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN; SELECT FROM log_head FOR UPDATE');
  const both = [start(url), Switchboard.start({ DATABASE_URL: url }, [], adminToken)] as const;
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await waitFor(async () => (await query(url, waiting)).length === 2, 'two that wait');
  await client.query('COMMIT');
  await client.end();
  return (await Promise.all(both))[1];
}

/** What a reader gets that comes back with its last id. */
async function resume(path: string, cursor: number, token = before.token) {
  const joint = path.includes('?') ? '&' : '?';
  const reader = await board.open(`${path}${joint}after=${cursor}`, { token });
  await reader.untilType('log.caught_up');
  return {
    ids: reader.events.flatMap(({ id }) => id ?? []),
    gaps: reader.of('log.gap').map(({ data }) => data),
    texts: texts(reader.of('user.message')),
    reader,
  };
}

/** Five events, a backup, four more that all readers see; then the backup takes the database's place. */
beforeAll(async () => {
  live = await createDatabase();
  board = await Switchboard.start({ DATABASE_URL: live.url });
  adminToken = board.adminToken;
  [mara, julia, call] = [fresh('mara'), fresh('julia'), fresh('call')];
  before = await board.createTenant({ id: fresh('acme'), agents: [mara, julia] });
  for (const n of [1, 2, 3, 4]) await board.ingest(message(mara, call, n));
  await board.ingest(message(julia, fresh('c'), 5));
  await board.shutDown();
  restored = await copyDatabase(live.url);
  await start(live.url);
  for (const n of [6, 7, 8, 9]) await board.ingest(message(mara, call, n));
  lastPosition = await headOf(live.url);
  expect((await resume('/v1/events', 0)).ids).toEqual(numbersFrom(1, 9));
  await board.shutDown();
  beside = await startTwo(restored.url);
  after = await lineageOf(restored.url);
  position = await headOf(restored.url);
  resumedAtOnce = await resume('/v1/events', 9);
  const { body } = await board.request('GET', '/v1/log?after=9', { token: before.token });
  expect(body).toEqual({ events: [], next: String(after), live: true });
  expect((await callsOf(board, before)).body.cursor).toBe(after);
  // As many new events as would have reached beyond the readers' cursors.
  for (const n of [11, 12, 13, 14, 15]) await board.ingest(message(mara, call, n));
  await board.ingest(message(julia, fresh('c'), 16));
});
afterAll(async () => {
  await beside.stop();
  await board.stop();
  await live.drop();
  await restored.drop();
});

describe('a database that was restored from a backup', () => {
  it('is noticed at the start: all numbers go on above every one that was given before', async () => {
    expect(await lineageOf(live.url)).toBe(0);
    expect(after).toBeGreaterThan(1e12);
    expect(position).toBe(after);
    expect(await headOf(restored.url)).toBeGreaterThanOrEqual(after + 6);
  });

  it('tells readers while there is nothing new yet', () => {
    expect(resumedAtOnce).toMatchObject({ ids: [], gaps: [{ after: 9, resumeFrom: after, reason: 'unknown' }] });
  });

  it('tells a reader that has seen lost events, and gives it every one that came since', async () => {
    const said = [11, 12, 13, 14, 15, 16].map((n) => `text ${n}`);
    const ids = numbersFrom(after + 1, 6);
    for (const cursor of [9, 7, 5])
      expect(await resume('/v1/events', cursor)).toMatchObject({
        ids,
        texts: said,
        gaps: [{ after: cursor, resumeFrom: after, reason: 'unknown' }],
      });
    const { reader, ...early } = await resume('/v1/events', 3);
    expect(early).toEqual({
      ids: ['4', '5', ...ids],
      texts: ['text 4', 'text 5', ...said],
      gaps: [{ after: 5, resumeFrom: after, reason: 'unknown' }],
    });
    const types = reader.frames.map(({ type }) => type);
    expect(types.slice(0, 5)).toEqual(['connected', 'user.message', 'user.message', 'log.gap', 'user.message']);
    expect(await resume('/v1/events', after + 2)).toMatchObject({ ids: ids.slice(2), gaps: [] });
  });

  it('tells one who reads a part of it, and an operator, too', async () => {
    expect(await resume(`/v1/events?agents=${julia}`, 7)).toMatchObject({
      texts: ['text 16'],
      gaps: [{ after: 7, resumeFrom: after, reason: 'unknown' }],
    });
    expect(await resume(`/v1/calls/${call}/events`, 0)).toMatchObject({
      gaps: [{ after: 4, resumeFrom: after, reason: 'unknown' }],
    });
    const operator = await resume('/v1/admin/events', lastPosition, adminToken);
    expect(operator.ids).toEqual(numbersFrom(after + 1, 6));
    expect(operator.gaps).toEqual([{ after: lastPosition, resumeFrom: after, reason: 'unknown' }]);
    const early = await resume('/v1/admin/events', 3, adminToken);
    expect(early.ids).toEqual(['4', '5', ...numbersFrom(after + 1, 6)]);
    expect(early.gaps).toEqual([{ after: 5, resumeFrom: after, reason: 'unknown' }]);
  });

  it('begins a customer there that the backup does not know, and whose readers have cursors all the same', async () => {
    const lost = await board.createTenant({ id: fresh('lost'), agents: [fresh('sol')] });
    expect(await resume('/v1/events', 20, lost.token)).toMatchObject({
      gaps: [{ after: 20, resumeFrom: after, reason: 'unknown' }],
    });
    const reader = await board.open('/v1/events', { token: lost.token });
    expect((await reader.untilType('connected')).data).toMatchObject({ after });
    const agent = fresh('sol');
    await board.assign(agent, lost.id);
    await board.ingest(message(agent, fresh('c'), 1));
    expect((await reader.untilType('user.message')).id).toBe(String(after + 1));
  });

  it('has its calls, with cursors from which a stream goes on', async () => {
    const { body } = await callsOf(board, before);
    expect(body.calls.map(({ callId }) => callId)).toContain(call);
    expect((await resume('/v1/events', body.cursor)).gaps).toEqual([]);
    const quiet = await board.createTenant({ id: fresh('quiet') });
    const { cursor } = (await callsOf(board, quiet)).body;
    expect(cursor).toBe(after);
    expect(idsIn(await callsOf(board, quiet))).toEqual([]);
  });

  it('stands in the operator’s book, once, though two processes found out at the same moment', async () => {
    const { body } = await board.admin<{ audit: { action: string }[] }>('GET', '/v1/admin/audit?limit=100');
    expect(body.audit.filter(({ action }) => action === 'log.resume')).toMatchObject([
      { by: 'switchboard', target: 'log', before: { position: 5 }, after: { position: after } },
    ]);
  });

  it('ends the streams of a process that ran meanwhile, before anything of the other history reaches them', async () => {
    const [whole, part] = [
      await board.open('/v1/events', { token: before.token }),
      await board.open(`/v1/events?agents=${julia}`, { token: before.token }),
    ];
    for (const reader of [whole, part]) await reader.untilType('log.caught_up');
    // As after a failover: the log finds itself elsewhere.
    const known = after;
    await query(restored.url, `UPDATE log_lineage SET database = 'elsewhere'`);
    await waitFor(async () => (after = await lineageOf(restored.url)) > known, 'a look at the lineage');
    await board.ingest(message(julia, fresh('c'), 17));
    for (const reader of [whole, part]) {
      expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: '/problems/unavailable' });
      expect(reader.of('user.message')).toEqual([]);
    }
    // Where nothing has come since, the tail finds out by itself.
    const idle = await board.open('/v1/events', { token: before.token });
    await idle.untilType('log.caught_up');
    const [tail, next] = [board.app.get(EventTail), await board.app.get(LogLineage).resume()];
    tail.offer({ kind: 'appended', first: 0, last: Number.MAX_SAFE_INTEGER, complete: false, events: [] });
    await idle.untilType('stream.closing');
    expect(tail.position).toBe(next);
    const id = Number(whole.frames[0]?.id);
    expect(await resume(`/v1/events?agents=${julia}`, id)).toMatchObject({
      texts: ['text 17'],
      gaps: [{ after: after + 1, resumeFrom: next, reason: 'unknown' }],
    });
    after = next;
  });

  it('that says nothing of it is told so by a command, and goes on further still', async () => {
    await board.shutDown();
    const env = { PATH: process.env['PATH'], DATABASE_URL: restored.url, PORT: '0', SOURCES: 'none' };
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--restored'], { env });
    const further = await lineageOf(restored.url);
    expect(stdout).toContain(`Numbers go on after ${further}.`);
    expect(further).toBeGreaterThan(after);
    await start(restored.url);
    expect(await lineageOf(restored.url)).toBe(further);
    expect((await resume('/v1/events', after + 1)).gaps).toEqual([
      { after: after + 1, resumeFrom: further, reason: 'unknown' },
    ]);
  });
});
