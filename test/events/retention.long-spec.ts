import { RetentionService } from '../../src/retention/retention.service.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message, texts } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ RETENTION_DAYS: '30' })));
afterAll(() => board.stop());

const DAY_MS = 86_400_000;
const expire = () => board.app.get(RetentionService).run();

/** Makes what is in a tenant's log so far (null: nobody's) as old as this. */
const age = (tenant: string | null, days: number) =>
  query(board.databaseUrl, 'UPDATE events SET received_at = $2 WHERE tenant_id IS NOT DISTINCT FROM $1', [
    tenant,
    new Date(Date.now() - days * DAY_MS),
  ]);

const logOf = async ({ token }: TestTenant) =>
  (await board.request<{ events: { id: string }[] }>('GET', '/v1/log', { token })).body.events.map(({ id }) => id);
const callsOf = async ({ token }: TestTenant, search = '') =>
  (await board.request<{ calls: { callId: string }[] }>('GET', `/v1/calls${search}`, { token })).body.calls.map(
    ({ callId }) => callId,
  );

describe('what has been kept for its time', () => {
  it('goes, from the front of the tenant’s log and with the calls of which nothing is left; others’ stays', async () => {
    const [mara, julia, old, long] = [fresh('mara'), fresh('julia'), fresh('old'), fresh('long')];
    const acme = await board.createTenant({ agents: [mara] });
    const globex = await board.createTenant({ agents: [julia] });
    await board.admin('PATCH', `/v1/admin/tenants/${acme.id}`, { limits: { retentionDays: 7 } });
    await board.ingest(message(mara, old, 'pelican'), message(mara, old, 2), message(mara, long, 3));
    await board.ingest(message(julia, fresh('c'), 1));
    await age(acme.id, 8);
    await age(globex.id, 8);
    await board.ingest(message(mara, long, 4));
    expect((await callsOf(acme)).sort()).toEqual([long, old].sort());
    await expire();
    expect(await logOf(acme)).toEqual(['4']);
    expect(await logOf(globex)).toEqual(['1']);
    expect(await callsOf(acme)).toEqual([long]);
    expect(await callsOf(acme, '?q=pelican')).toEqual([]);
    expect((await board.request('GET', `/v1/calls/${old}`, { token: acme.token })).status).toBe(404);
    await board.ingest(message(mara, long, 5));
    expect(await logOf(acme)).toEqual(['4', '5']);
  });

  it('is told to a cursor from before, and the numbers go on without a hole', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    await board.ingest(message(mara, fresh('c'), 1), message(mara, fresh('c'), 2));
    await age(acme.id, 31);
    await board.ingest(message(mara, fresh('c'), 3));
    await expire();
    const reader = await board.open('/v1/events?after=1', { token: acme.token });
    await reader.untilType('log.caught_up');
    expect(reader.of('log.gap').map(({ data }) => data)).toEqual([{ after: 1, resumeFrom: 2, reason: 'expired' }]);
    expect(reader.events.map(({ id }) => id)).toEqual([undefined, '3']);
    const admin = await board.open('/v1/admin/events?after=0', { token: board.adminToken });
    await admin.untilType('log.caught_up');
    expect(admin.of('log.gap')[0]?.data).toEqual({ after: 0, resumeFrom: 0, reason: 'expired' });
  });

  it('is told to a reader whom retention overtakes while it catches up', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    for (let part = 0; part < 3; part++)
      await board.ingest(...Array.from({ length: 300 }, (_, index) => message(mara, 'c' + mara, part * 300 + index)));
    await age(acme.id, 31);
    await board.ingest(message(mara, fresh('c'), 'last'));
    // Between its look at where the log begins and its first page.
    await query(board.databaseUrl, 'DELETE FROM events WHERE tenant_id = $1 AND seq <= 500', [acme.id]);
    const reader = await board.open('/v1/events?after=100', { token: acme.token });
    await reader.untilType('log.caught_up');
    expect(reader.of('log.gap').map(({ data }) => data)).toEqual([{ after: 100, resumeFrom: 500, reason: 'expired' }]);
    expect(texts(reader.of('user.message')).at(-1)).toBe('text last');
    expect(reader.of('user.message')).toHaveLength(401);
  });

  it('goes from what belongs to nobody, too, by the configuration', async () => {
    const nora = fresh('nora');
    await board.ingest(message(nora, fresh('c'), 1));
    await age(null, 29);
    await expire();
    const left = () => query(board.databaseUrl, 'SELECT FROM events WHERE agent = $1', [nora]);
    expect(await left()).toHaveLength(1);
    await age(null, 31);
    await expire();
    expect(await left()).toEqual([]);
  });

  it('stands in both books by its number, without a word of what was said', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    await board.ingest(...Array.from({ length: 1200 }, (_, index) => message(mara, fresh('c'), index)));
    await age(acme.id, 31);
    await Promise.all([expire(), expire()]); // Two processes at once.
    expect(await logOf(acme)).toEqual([]);
    const { body, text } = await board.request<{ audit: { action: string; before: { events: number } }[] }>(
      'GET',
      '/v1/audit',
      { token: acme.token },
    );
    const removals = body.audit.filter(({ action }) => action === 'retention.remove');
    expect(removals.reduce((sum, { before }) => sum + before.events, 0)).toBe(1200);
    expect(text).not.toContain('text 1');
    const operators = await board.admin('GET', `/v1/admin/audit?tenant=${acme.id}`);
    expect(operators.text).toContain('retention.remove');
  });
});
