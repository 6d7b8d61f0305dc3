/** Retention of a large log: partitions go whole, and nothing else about retention changes. */
import { jest } from '@jest/globals';
import { WholeExpiry } from '../../src/events/log/whole-expiry.js';
import { RetentionService } from '../../src/retention/retention.service.js';
import { query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

let board: Switchboard;
let acme: TestTenant;
let globex: TestTenant;
let [mara, julia, nora] = ['', '', ''];

beforeEach(async () => {
  board = await Switchboard.start({ RETENTION_DAYS: '30' });
  [mara, julia, nora] = [fresh('mara'), fresh('julia'), fresh('nora')];
  acme = await board.createTenant({ agents: [mara] });
  globex = await board.createTenant({ agents: [julia] });
  await board.admin('PATCH', `/v1/admin/tenants/${globex.id}`, { limits: { retentionDays: 300 } });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await board.stop();
});

const sql = <Row extends object>(text: string, values: unknown[] = []) => query<Row>(board.databaseUrl, text, values);
const expire = () => board.app.get(RetentionService).run();
/** Makes everything that is in the log so old, in days. */
const age = (days: number) => sql(`UPDATE log_events SET received_at = now() - $1 * interval '24 hours'`, [days]);
/** The next event goes into the next partition. */
const fillPartition = () => sql('UPDATE log_head SET position = room');
const partitions = async () =>
  (await sql<{ name: string; oid: number }>(
    `SELECT inhrelid::regclass::text AS name, inhrelid::int AS oid FROM pg_inherits WHERE inhparent = 'log_events'::regclass ORDER BY 1`,
  )); // prettier-ignore
const names = async () => (await partitions()).map(({ name }) => name);
const takenOut = () => sql(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^log_(expired|kept)_'`);
const logOf = async ({ token }: TestTenant) =>
  (await board.request<{ events: { id: string }[] }>('GET', '/v1/log', { token })).body.events.map(({ id }) => id);
const callsOf = async ({ token }: TestTenant) =>
  (await board.request<{ calls: { callId: string }[] }>('GET', '/v1/calls', { token })).body.calls.map(
    ({ callId }) => callId,
  );

it('drops a partition of which all is due; who keeps events longer has them in the same place', async () => {
  const [old, long] = [fresh('old'), fresh('long')];
  await board.ingest(
    message(mara, old, 1),
    message(mara, long, 2),
    message(mara, old, 3),
    message(nora, fresh('c'), 1),
  );
  await board.ingest(message(julia, fresh('kept'), 1));
  expect((await callsOf(acme)).sort()).toEqual([long, old].sort());
  const [before] = await partitions();
  await age(31);
  await fillPartition();
  await board.ingest(message(mara, long, 4));
  await expire();
  expect(await logOf(acme)).toEqual(['4']);
  expect(await callsOf(acme)).toEqual([long]);
  expect(await logOf(globex)).toEqual(['1']);
  const [after, next] = await partitions();
  expect([after?.name, next?.name]).toEqual(['log_events_1', 'log_events_250001']);
  expect(after?.oid).not.toBe(before?.oid);
  expect(await takenOut()).toEqual([]);
  expect(await sql('SELECT tenant_id FROM log_events_1')).toEqual([{ tenant_id: globex.id }]);
  // A repeat of what was kept is known, and its place takes nothing that stands elsewhere.
  await board.ingest(message(mara, long, 5));
  await age(301);
  await sql(`UPDATE log_events SET received_at = now() WHERE position > 250000`);
  await expire();
  expect(await names()).toEqual(['log_events_250001']);
  expect(await logOf(globex)).toEqual([]);
  expect(await logOf(acme)).toEqual(['4', '5']);
});

it('tells it to cursors from before, and stands in the books by its number', async () => {
  await board.ingest(message(mara, fresh('c'), 1), message(mara, fresh('c'), 2), message(nora, fresh('c'), 1));
  await age(31);
  await fillPartition();
  await board.ingest(message(mara, fresh('c'), 3));
  await Promise.all([expire(), expire()]); // Two processes at once.
  expect(await names()).toEqual(['log_events_250001']);
  const reader = await board.open('/v1/events?after=1', { token: acme.token });
  await reader.untilType('log.caught_up');
  expect(reader.of('log.gap').map(({ data }) => data)).toEqual([{ after: 1, resumeFrom: 2, reason: 'expired' }]);
  const admin = await board.open('/v1/admin/events?after=0', { token: board.adminToken });
  await admin.untilType('log.caught_up');
  expect(admin.of('log.gap')[0]?.data).toMatchObject({ after: 0, reason: 'expired' });
  const { body } = await board.admin<{ audit: { action: string; target: string; before: unknown; after: unknown }[] }>(
    'GET',
    '/v1/admin/audit',
  );
  const removals = body.audit.filter(({ action }) => action === 'retention.remove');
  expect(removals.map(({ target, before }) => ({ target, before })).sort(byTarget)).toEqual(
    [
      { target: acme.id, before: { events: 2 } },
      { target: 'unassigned', before: { events: 1 } },
    ].sort(byTarget),
  );
});

it('is ended by the next run when a process dies between taking a partition out and removing its calls', async () => {
  await board.ingest(message(mara, fresh('c'), 'pelican'), message(mara, fresh('c'), 2));
  expect(await callsOf(acme)).toHaveLength(2);
  await age(31);
  await fillPartition();
  await board.ingest(message(mara, fresh('c'), 3));
  const died = jest.spyOn(board.app.get(WholeExpiry), 'callsIn').mockRejectedValueOnce(new Error('killed'));
  await expect(expire()).rejects.toThrow('killed');
  expect(died).toHaveBeenCalledTimes(1);
  expect(await names()).toEqual(['log_events_250001']);
  expect(await logOf(acme)).toEqual(['3']);
  expect(await takenOut()).toHaveLength(1);
  await expire();
  expect(await takenOut()).toEqual([]);
  expect(await callsOf(acme)).toHaveLength(1);
  expect(await sql(`SELECT FROM call_parts WHERE text LIKE '%pelican%'`)).toEqual([]);
});

it('holds up no append while somebody reads the partition, and goes on afterwards', async () => {
  await board.ingest(message(mara, fresh('c'), 1));
  await age(31);
  await fillPartition();
  await board.ingest(message(mara, fresh('c'), 2));
  const take = jest.spyOn(board.app.get(WholeExpiry), 'take');
  const expired = await whileHeld([board.databaseUrl, 'log_events', 'ACCESS SHARE'], async () => {
    const run = expire();
    for (let attempts = 0; attempts < 3; attempts += 1) {
      await board.ingest(message(mara, fresh('c'), `while ${attempts}`));
      await Promise.all(take.mock.results.map(({ value }) => value as Promise<unknown>));
    }
    expect(await names()).toContain('log_events_1');
    return { run };
  });
  await expired.run;
  await expire(); // On a slow machine, the first run has given up.
  expect(await names()).toEqual(['log_events_250001']);
  expect(await logOf(acme)).toEqual(['2', '3', '4', '5']);
});

it('waits a twenty-fourth of the time for the rest of a partition, and no longer', async () => {
  await board.ingest(message(mara, fresh('c'), 1), message(mara, fresh('c'), 2));
  await age(30.5);
  await board.ingest(message(mara, fresh('c'), 3));
  await sql(`UPDATE log_events SET received_at = now() - interval '29 days' WHERE seq = 3`);
  await fillPartition();
  await board.ingest(message(mara, fresh('c'), 4));
  await expire();
  expect(await logOf(acme)).toEqual(['1', '2', '3', '4']);
  await sql(`UPDATE log_events SET received_at = now() - interval '28 days' WHERE seq = 3`);
  await expire();
  expect(await logOf(acme)).toEqual(['3', '4']);
});

const byTarget = (one: { target: string }, other: { target: string }) => (one.target < other.target ? -1 : 1);
