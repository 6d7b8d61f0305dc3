/** `?since=<time>`: a reader begins with the first event that was received at or after a moment. */
import { createDatabase, query } from '../support/database.js';
import { fillLog } from '../support/filled-log.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';

const EVENTS = 1000;
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

let database: Awaited<ReturnType<typeof createDatabase>>;
let home: Switchboard;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createDatabase();
  // One a minute; 501 had waited for its append, so 500 was received after it.
  const minute = 'CASE n WHEN 500 THEN 501 WHEN 501 THEN 500.8 ELSE n END';
  const receivedAt = `'2026-01-01Z'::timestamptz + ${minute} * interval '1 minute'`;
  await fillLog(database.url, { tenant: 'acme', agent: 'mara', events: EVENTS, receivedAt });
  home = await Switchboard.start({ DATABASE_URL: database.url });
  tenant = await home.createToken('acme');
});
afterAll(async () => {
  await home.stop();
  await database.drop();
});

const log = (parameters: string) =>
  home.request<{ events: { id: string }[] }>('GET', `/v1/log?${parameters}`, { token: tenant.token });

it.each([
  ['2025-12-31', 0],
  [at(1), 0],
  [at(77), 76],
  [at(499), 498],
  [at(500), 499],
  [at(501), 499],
  [at(502), 501],
  [at(EVENTS), EVENTS - 1],
  ['2026-06-01', EVENTS],
])('since %s is after %d', async (since, after) => {
  const stream = await home.open(`/v1/events?since=${since}&types=none`, { token: tenant.token });
  expect((await stream.untilType('connected')).data).toMatchObject({ after });
  const { body } = await log(`since=${since}&limit=1`);
  expect(body.events.map(({ id }) => Number(id))).toEqual(after === EVENTS ? [] : [after + 1]);
  const admin = await home.open(`/v1/admin/events?since=${since}&types=none`, { token: home.adminToken });
  expect((await admin.untilType('connected')).data).toMatchObject({ after });
});

it('a cursor goes before it, so a browser goes on where it was', async () => {
  const stream = await home.open(`/v1/events?since=${at(1)}`, { token: tenant.token, lastEventId: 990 });
  expect((await stream.untilType('connected')).data).toMatchObject({ after: 990 });
  expect((await log('since=yesterday')).status).toBe(400);
});

it('before what retention has kept, a reader is told of the gap', async () => {
  await query(database.url, 'DELETE FROM events WHERE seq <= 100');
  await query(database.url, 'UPDATE tenant_heads SET expired_until = 100');
  const stream = await home.open(`/v1/events?since=${at(50)}`, { token: tenant.token });
  await stream.untilType('log.caught_up');
  const gap = { after: at(50), resumeFrom: 100, reason: 'expired' };
  expect(stream.of('log.gap').map(({ data }) => data)).toEqual([gap]);
  expect(stream.frames.at(2)?.id).toBe('101');
  const later = await home.open(`/v1/events?since=${at(102)}`, { token: tenant.token });
  await later.untilType('log.caught_up');
  expect(later.of('log.gap')).toEqual([]);
});
