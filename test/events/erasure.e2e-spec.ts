/** Security rule 21 for one call: what is erased is gone from everywhere, on every process, and its numbers stay. */
import { Bus } from '../../src/bus/bus.js';
import { EventTail } from '../../src/events/live/event-tail.js';
import { callOf, callsOf, ended, idsIn, said, started, settled } from '../support/calls.js';
import { query } from '../support/database.js';
import type { StreamReader } from '../support/stream-reader.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message, word } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let one: Switchboard;
let two: Switchboard;
beforeAll(async () => {
  one = await Switchboard.start();
  two = await one.beside();
  for (const board of [one, two]) await waitFor(() => board.app.get(Bus).connected, 'the bus');
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const erase = (call: string) => one.admin('DELETE', `/v1/admin/calls/${call}`);
const countTo = (last: number) => Array.from({ length: last }, (_, index) => String(index + 1));
const idsOf = ({ events }: StreamReader) => events.map(({ id }) => id);

async function logOf({ token }: TestTenant) {
  type Log = { events: { id: string; type: string; data: Record<string, unknown> }[]; next: string };
  return one.request<Log>('GET', '/v1/log?limit=1000', { token });
}

/** Tables in which a text stands. */
async function holding(...texts: string[]): Promise<string[]> {
  const tables = await query<{ name: string }>(
    one.databaseUrl,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
       AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  const found = tables.map(async ({ name }) => {
    const rows = await query<{ row: string }>(one.databaseUrl, `SELECT t::text AS row FROM ${name} t`);
    return rows.some(({ row }) => texts.some((text) => row.includes(text))) ? [name] : [];
  });
  return (await Promise.all(found)).flat().sort();
}

/**
 * A tenant with a call that holds secrets, between events of another call: six events, 2, 4 and 6 of them the call's.
 */
async function tenantWithCall() {
  const [agent, call, other] = [fresh('mara'), fresh('CA-gone'), fresh('CA-stays')];
  const [spoken, phone] = [fresh('spoken'), `+34${String(600_000_000 + Math.floor(Math.random() * 99_999_999))}`];
  const tenant = await one.createTenant({ agents: [agent], scopes: ['events:read', 'events:write'] });
  const secret = [
    started(agent, call, { from: phone }),
    said(agent, call, 'm1', spoken),
    ended(agent, call, { reason: spoken }),
  ];
  const open = [started(agent, other), said(agent, other, 'm1', 'pelican'), ended(agent, other)];
  await one.ingest(...open.flatMap((event, index) => [event, secret[index] ?? event]));
  return { agent, call, other, spoken, phone, tenant, secret };
}

describe('a call that is erased', () => {
  it('has left nothing of what was said; its numbers stay, and all else of the tenant and of others', async () => {
    const { tenant, call, other, spoken, phone } = await tenantWithCall();
    const stranger = await tenantWithCall();
    expect((await callOf(one, tenant, call)).text).toContain(spoken);
    expect(await holding(spoken, phone)).toEqual(['call_parts', 'calls', 'log_events']);

    expect((await erase(call)).status).toBe(204);

    expect(await holding(spoken, phone)).toEqual([]);
    expect(await holding(call)).toEqual(['call_tenants', 'log_events']);
    const log = (await logOf(tenant)).body;
    expect(log.events.map(({ id }) => id)).toEqual(countTo(7));
    const erased = log.events.filter(({ type }) => type === 'call.erased');
    expect(erased.map(({ id }) => id)).toEqual(['2', '4', '6', '7']);
    for (const { data } of erased) expect(Object.keys(data)).toEqual(['callId', 'agent', 'at']);
    expect(erased[0]?.data).toMatchObject({ callId: call });
    for (const [path, token] of [
      [`/v1/calls/${call}`, tenant.token],
      [`/v1/log?call=${call}`, tenant.token],
      [`/v1/calls/${call}/events`, tenant.token],
      [`/v1/admin/calls/${call}`, one.adminToken],
    ] as const)
      expect([path, (await one.request('GET', path, { token })).status]).toEqual([path, 404]);
    expect(idsIn(await callsOf(one, tenant))).toEqual([other]);
    expect(idsIn(await callsOf(one, tenant, `?q=${spoken}`))).toEqual([]);
    expect((await callOf(one, tenant, other)).text).toContain('pelican');
    expect((await callOf(one, stranger.tenant, stranger.call)).text).toContain(stranger.spoken);
    expect((await logOf(stranger.tenant)).text).not.toContain('call.erased');
    const explained = await one.admin(
      'GET',
      `/v1/admin/explain?tenant=${tenant.id}&event=${await positionOf(tenant, 4)}`,
    );
    expect(explained.text).toContain('has been erased');
  });

  it('stands in both books with its number of events, and is not there to be erased again', async () => {
    const { tenant, call, spoken } = await tenantWithCall();
    await settled(one);
    expect((await one.admin('GET', `/v1/admin/calls/${call}`)).status).toBe(200);
    await erase(call);
    const [own, operators] = [
      await one.request<{ audit: object[] }>('GET', '/v1/audit', { token: tenant.token }),
      await one.admin<{ audit: object[] }>('GET', `/v1/admin/audit?tenant=${tenant.id}`),
    ];
    const last = (await logOf(tenant)).body.events.at(-1);
    const targets = [`event ${last?.id}`, `event ${await positionOf(tenant, Number(last?.id))}`];
    for (const [index, { body, text }] of [own, operators].entries()) {
      expect(body.audit[0]).toMatchObject({ action: 'call.erase', before: { events: 3 }, after: null });
      expect(body.audit.slice(0, 2)).toMatchObject([{ target: targets[index] }, { action: 'call.read' }]);
      expect(text).not.toContain(spoken);
      // Its id may be a number of a phone.
      expect(text).not.toContain(call);
    }
    expect((await erase(call)).body['type']).toBe('/problems/call-not-found');
    expect((await erase(fresh('never'))).status).toBe(404);
    expect((await logOf(tenant)).body.events).toHaveLength(7);
  });

  it('is told to open streams of both processes, and replayed as empty numbers without a hole', async () => {
    const { tenant, call, spoken, phone, agent } = await tenantWithCall();
    const live = await Promise.all([one, two].map((board) => board.open('/v1/events', { token: tenant.token })));
    const ofCall = await two.open(`/v1/calls/${call}/events`, { token: tenant.token });
    for (const reader of [...live, ofCall]) await reader.untilType('log.caught_up');
    const admin = await two.open('/v1/admin/events', { token: one.adminToken });
    await admin.untilType('log.caught_up');
    await erase(call);
    for (const reader of [...live, admin]) {
      await reader.untilType('call.erased');
      expect(reader.of('call.erased')[0]?.data).toMatchObject({ callId: call, agent });
      expect(reader.raw).not.toContain(spoken);
    }
    expect((await ofCall.untilType('stream.closing')).data).toMatchObject({ type: '/problems/call-not-found' });
    for (const board of [one, two])
      for (const after of [0, 1, 3]) {
        const resumed = await board.open(`/v1/events?after=${after}`, { token: tenant.token });
        await resumed.untilType('log.caught_up');
        expect(idsOf(resumed)).toEqual(countTo(7).slice(after));
        expect(resumed.raw).not.toMatch(new RegExp(`${spoken}|${phone.slice(1)}|log.gap`));
      }
  });

  it('does not come back: what is known is a duplicate, all else is rejected, and a rebuild finds nothing', async () => {
    const { tenant, call, other, spoken, secret, agent } = await tenantWithCall();
    const reader = await two.open('/v1/events', { token: tenant.token });
    await reader.untilType('log.caught_up');
    await one.ingest(word(agent, call, 'before')); // So that whose call it is is remembered.
    await erase(call);
    const again = await one.admin('POST', '/v1/ingest', secret);
    expect(again.body).toEqual({ accepted: 0, duplicates: 3, rejected: [] });
    const late = [said(agent, call, 'm2', spoken), word(agent, call, spoken)];
    for (const board of [one, two])
      for (const token of [one.adminToken, tenant.token]) {
        const { status, body } = await board.request<{ rejected: { problem: { type: string } }[] }>(
          'POST',
          '/v1/ingest',
          {
            token,
            body: late,
          },
        );
        expect([status, body.rejected.map(({ problem }) => problem.type)]).toEqual([
          400,
          ['/problems/call-not-found', '/problems/call-not-found'],
        ]);
      }
    expect((await one.admin('POST', '/v1/ingest', { ...late[0], event: 'call.erased' })).status).toBe(400);
    expect((await one.request('GET', `/v1/log?call=${call}`, { token: tenant.token })).status).toBe(404);
    // Both ways in which calls are made of the log: call by call, and from its beginning.
    await one.admin('POST', '/v1/admin/calls/rebuild');
    await query(one.databaseUrl, 'UPDATE projections SET position = 0');
    await waitFor(async () => {
      const { body } = await one.request<{ calls: { state: string } }>('GET', '/readyz');
      return body.calls.state === 'up';
    }, 'the rebuild');
    expect(idsIn(await callsOf(one, tenant))).toEqual([other]);
    expect(await holding(spoken)).toEqual([]);
    await one.ingest(message(agent, fresh('c'), 'next'));
    await reader.untilType('user.message');
    expect(idsOf(reader).filter((id) => id !== undefined)).toEqual(['7', '8']);
    expect(reader.raw).not.toContain(spoken);
  });

  it('is to a stranger what any call of another’s is', async () => {
    const { tenant, call } = await tenantWithCall();
    const stranger = await tenantWithCall();
    const write = async () => {
      const { status, body } = await one.request('POST', '/v1/ingest', {
        token: stranger.tenant.token,
        body: said(stranger.agent, call, fresh('m'), 'x'),
      });
      return { status, ...body, instance: undefined };
    };
    const before = await write();
    await erase(call);
    expect(await write()).toEqual(before);
    expect((await one.request('DELETE', `/v1/admin/calls/${call}`, { token: tenant.token })).status).toBe(403);
    await one.admin('DELETE', `/v1/admin/tenants/${tenant.id}`);
    const left = await query(one.databaseUrl, 'SELECT tenant_id FROM call_tenants WHERE call_id = $1 AND by_platform', [
      call,
    ]);
    expect(left).toEqual([{ tenant_id: '' }]);
  });

  it('is in no page that was kept, and in no batch that is on its way', async () => {
    const { tenant, call, spoken, agent } = await tenantWithCall();
    await one.ingest(...Array.from({ length: 300 }, (_, n) => message(agent, fresh('c'), n)));
    const read = async (board: Switchboard) => {
      const reader = await board.open('/v1/events?after=0', { token: tenant.token });
      await reader.untilType('log.caught_up');
      return reader;
    };
    const readers = [await read(one), await read(two)];
    for (const reader of readers) expect(reader.raw).toContain(spoken);
    await erase(call);
    // A message of another process that is late: it carries what it committed before the erasure.
    await readers[1]?.untilType('call.erased');
    const position = two.app.get(EventTail).position;
    const common = {
      agent,
      callId: call,
      at: new Date().toISOString(),
      tenantId: tenant.id,
      data: `{"text":"${spoken}"}`,
    };
    const durable = { ...common, type: 'user.message', ephemeral: false, position: position + 1, seq: 308 };
    const interim = { ...common, type: 'bot.word', ephemeral: true, position, seq: null };
    const late = [interim, durable] as const;
    for (const event of late)
      two.app
        .get(Bus)
        .publish({ kind: 'appended', first: position + 1, last: event.position, complete: true, events: [event] });
    await one.ingest(message(agent, fresh('c'), 'last'));
    await readers[1]?.until((reader) => reader.lastEventId === '308', 'the last event');
    // What was said before it was erased, twice, and no more.
    for (const { raw } of readers) expect(raw.split(spoken)).toHaveLength(3);
    for (const board of [one, two]) {
      const reader = await read(board);
      expect(idsOf(reader)).toEqual(countTo(308));
      expect(reader.raw).not.toContain(spoken);
    }
  });
});

async function positionOf({ id }: TestTenant, seq: number): Promise<number> {
  const rows = await query<{ position: string }>(
    one.databaseUrl,
    'SELECT position FROM events WHERE tenant_id = $1 AND seq = $2',
    [id, seq],
  );
  return Number(rows[0]?.position);
}
