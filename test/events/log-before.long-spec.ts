/** A log of which a part stands where the versions before stored it: no reader sees the seam, and retention ends it. */
import { RetentionService } from '../../src/retention/retention.service.js';
import { callOf, ended, said, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
let acme: TestTenant;
let [mara, call] = ['', ''];

const sql = <Row extends object>(text: string, values: unknown[] = []) => query<Row>(board.databaseUrl, text, values);
/** As the version before would have stored what is in the log so far. */
const toTheTableBefore = () =>
  sql(`WITH gone AS (DELETE FROM log_events RETURNING *), head AS (UPDATE log_head SET before_until = position)
    INSERT INTO events_before (position, tenant_id, seq, call_id, agent, type, at, received_at, source_key, data)
    SELECT position, tenant_id, seq, call_id, agent, type, at, received_at, 'key ' || position, data FROM gone`);
const seqs = async (search: string) =>
  (
    await board.request<{ events: { id: string }[] }>('GET', `/v1/log?${search}`, { token: acme.token })
  ).body.events.map(({ id }) => Number(id));

beforeEach(async () => {
  board = await Switchboard.start({ RETENTION_DAYS: '30' });
  [mara, call] = [fresh('mara'), fresh('CA')];
  acme = await board.createTenant({ agents: [mara] });
});
afterEach(() => board.stop());

it('is read, filtered, streamed and made into calls as one', async () => {
  await board.ingest(started(mara, call), said(mara, call, 'u1', 'one'), message(mara, fresh('c'), 1));
  await toTheTableBefore();
  const seam = new Date();
  await board.ingest(said(mara, call, 'u2', 'two'), ended(mara, call));
  expect(await seqs('')).toEqual([1, 2, 3, 4, 5]);
  expect(await seqs('after=2&limit=2')).toEqual([3, 4]);
  expect(await seqs('types=user.message')).toEqual([2, 3, 4]);
  expect(await seqs(`agents=${mara}&types=call.*`)).toEqual([1, 5]);
  expect(await seqs(`since=${seam.toISOString()}`)).toEqual([4, 5]);
  const reader = await board.open(`/v1/calls/${call}/events?after=1`, { token: acme.token });
  await reader.untilType('log.caught_up');
  expect(reader.events.flatMap(({ id }) => id ?? [])).toEqual(expect.arrayContaining(['2', '4', '5']));
  await board.admin('POST', '/v1/admin/calls/rebuild');
  const rebuilt = async () =>
    (await board.request<{ calls: { state: string } }>('GET', '/readyz')).body.calls.state === 'up';
  await waitFor(rebuilt, 'the rebuild');
  const { body } = await callOf(board, acme, call);
  expect(body.transcript.map(({ text }) => text)).toEqual(['one', 'two']);
});

it('is emptied by retention across the seam, and the table gives its disk back', async () => {
  for (let part = 0; part < 4; part += 1)
    await board.ingest(...Array.from({ length: 500 }, (_, n) => message(mara, `c${part}`, n)));
  await toTheTableBefore();
  await board.ingest(message(mara, fresh('c'), 'old'));
  await sql(`UPDATE events_before SET received_at = now() - interval '31 days'`);
  await sql(`UPDATE log_events SET received_at = now() - interval '31 days'`);
  await board.ingest(message(mara, fresh('c'), 'new'));
  const bytes = async () => {
    const [row] = await sql<{ size: number }>(`SELECT pg_total_relation_size('events_before')::int AS size`);
    return row?.size ?? 0;
  };
  const before = await bytes();
  await board.app.get(RetentionService).run();
  expect(await seqs('')).toEqual([2002]);
  expect(await sql('SELECT FROM events_before')).toEqual([]);
  expect(before).toBeGreaterThan(500_000);
  expect(await bytes()).toBeLessThan(100_000);
});
