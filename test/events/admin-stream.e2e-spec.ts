import { Switchboard } from '../support/switchboard.js';
import { fresh, message, texts, word } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const admin = (path = '/v1/admin/events', lastEventId?: string | number) =>
  board.open(path, { token: board.adminToken, ...(lastEventId === undefined ? {} : { lastEventId }) });

/** Two tenants with an agent each, and one that nobody owns. */
async function fleet() {
  const [mara, sol, nora] = [fresh('mara'), fresh('sol'), fresh('nora')];
  const acme = await board.createTenant({ agents: [mara] });
  const globex = await board.createTenant({ agents: [sol] });
  return { acme, globex, mara, sol, nora };
}

describe('the admins’ stream', () => {
  it('carries every tenant’s events and nobody’s, words included, with their tenant and by position', async () => {
    const { acme, globex, mara, sol, nora } = await fleet();
    const reader = await admin();
    await reader.untilType('log.caught_up');
    const call = fresh('call');
    await board.ingest(message(mara, call, 1), word(mara, call, 'hi'), message(sol, fresh('c'), 2));
    await board.ingest(message(nora, fresh('c'), 3));
    await reader.untilType('user.message', 3);
    const [greeting] = reader.frames;
    const start = Number(greeting?.id);
    expect(greeting?.data).toEqual({ tenant: null, tenants: null, agents: null, unassigned: false, after: start });
    expect(reader.events.map(({ type, id, data }) => [type, id, data['tenant'], data['agent']])).toEqual([
      ['user.message', String(start + 1), acme.id, mara],
      ['bot.word', undefined, acme.id, mara],
      ['user.message', String(start + 2), globex.id, sol],
      ['user.message', String(start + 3), null, nora],
    ]);
  });

  it('resumes by its own cursor without loss or repeat', async () => {
    const { mara, sol, nora } = await fleet();
    const first = await admin();
    await first.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1), message(sol, fresh('c'), 2));
    await first.untilType('user.message', 2);
    first.close();
    await board.ingest(message(nora, fresh('c'), 3), message(mara, fresh('c'), 4));
    const second = await admin('/v1/admin/events', first.lastEventId);
    await second.untilType('log.caught_up');
    await board.ingest(message(sol, fresh('c'), 5));
    await second.untilType('user.message', 3);
    expect(texts([...first.events, ...second.events])).toEqual([1, 2, 3, 4, 5].map((n) => `text ${n}`));
  });

  it('is told of a cursor that never was', async () => {
    const reader = await admin('/v1/admin/events?after=999999999');
    await reader.untilType('log.caught_up');
    expect(reader.of('log.gap')[0]?.data).toMatchObject({ after: 999999999, reason: 'unknown' });
  });

  it('narrows to tenants, agents, types, and to what nobody owns, live and replayed alike', async () => {
    const { acme, globex, mara, sol, nora } = await fleet();
    const start = await head();
    const queries: [string, string[]][] = [
      [`tenants=${acme.id}`, ['text 1', 'text 4']],
      [`tenants=${acme.id},${globex.id}`, ['text 1', 'text 2', 'text 4']],
      ['unassigned=true', ['text 3']],
      [`tenants=${globex.id}&unassigned=true`, ['text 2', 'text 3']],
      [`agents=${sol},${nora}`, ['text 2', 'text 3']],
      [`tenants=${acme.id}&types=call.*`, ['text 4']],
    ];
    await board.ingest({ event: 'call.ringing', agent: nora, callId: fresh('c') }); // Nora is known from here on.
    const live = await Promise.all(queries.map(([query]) => admin(`/v1/admin/events?${query}`)));
    for (const reader of live) await reader.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1), message(sol, fresh('c'), 2), message(nora, fresh('c'), 3));
    await board.ingest({ event: 'call.started', agent: mara, callId: fresh('c'), text: 'text 4' });
    for (const [index, [query, expected]] of queries.entries()) {
      await live[index]?.until((one) => one.events.length >= expected.length, query);
      const replayed = await admin(`/v1/admin/events?${query}&after=${start}`);
      await replayed.untilType('log.caught_up');
      expect([query, texts(live[index]?.events ?? [])]).toEqual([query, expected]);
      expect([query, texts(replayed.events).filter(Boolean)]).toEqual([query, expected]);
    }
  });

  it('refuses an empty filter, and names that nobody has heard of', async () => {
    for (const [query, status, slug] of [
      ['tenants=', 400, 'validation'],
      ['agents=', 400, 'validation'],
      ['unassigned=maybe', 400, 'validation'],
      ['tenants=no-such-tenant', 404, 'tenant-not-found'],
      [`agents=${fresh('nobody')}`, 404, 'agent-not-found'],
    ] as const) {
      const answer = await board.admin('GET', `/v1/admin/events?${query}`);
      expect([query, answer.status, answer.body['type']]).toEqual([query, status, `/problems/${slug}`]);
    }
  });

  it('names the real owner, whatever a source says in a field of that name', async () => {
    const { acme, mara } = await fleet();
    const reader = await admin(`/v1/admin/events?tenants=${acme.id}`);
    await reader.untilType('log.caught_up');
    await board.ingest({ ...message(mara, fresh('c'), 1), tenant: 'globex' });
    expect((await reader.untilType('user.message')).data['tenant']).toBe(acme.id);
  });

  it('ends when its token is revoked', async () => {
    const { body } = await board.admin<{ id: string; token: string }>('POST', '/v1/admin/tokens', {
      name: 'second admin',
      scopes: ['admin'],
    });
    const reader = await board.open('/v1/admin/events', { token: body.token });
    await reader.untilType('log.caught_up');
    await board.admin('DELETE', `/v1/admin/tokens/${body.id}`);
    await reader.until(() => reader.ended, 'its end', 1000);
    expect(reader.of('stream.closing')[0]?.data['type']).toBe('/problems/token-revoked');
  });

  async function head(): Promise<number> {
    const reader = await admin();
    const { id } = await reader.untilType('connected');
    return Number(id);
  }
});

describe('a view of a tenant', () => {
  it('sees exactly what the tenant sees, for a while, and the tenant can read that somebody looked', async () => {
    const { acme, mara, sol } = await fleet();
    const minted = await board.admin<{ token: string; expiresAt: string; url: string }>(
      'POST',
      `/v1/admin/tenants/${acme.id}/stream-tokens`,
      { ttl: '10m' },
    );
    expect(minted.status).toBe(201);
    const left = new Date(minted.body.expiresAt).getTime() - Date.now();
    expect(left).toBeGreaterThan(9 * 60_000);
    expect(left).toBeLessThanOrEqual(10 * 60_000);
    const own = await board.open('/v1/events?after=0', { token: acme.token });
    const view = await board.open(`/v1/events?after=0&token=${minted.body.token}`);
    for (const reader of [own, view]) await reader.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1), message(sol, fresh('c'), 2), message(mara, fresh('c'), 3));
    for (const reader of [own, view]) await reader.untilType('user.message', 2);
    const bytes = ({ raw }: { raw: string }) => raw.replace(/^:.*\n\n/gm, ''); // Pings come when they come.
    expect(bytes(view)).toBe(bytes(own));
    expect(view.frames).toEqual(own.frames);
    const audit = await board.request<{ audit: Record<string, unknown>[] }>('GET', '/v1/audit', { token: acme.token });
    expect(audit.body.audit[0]).toMatchObject({ action: 'tenant.view', by: 'operator', target: acme.id });
  });

  it('reads only, is narrowed as asked, and ends with the admin’s token', async () => {
    const { acme, mara, sol } = await fleet();
    const second = await board.admin<{ id: string; token: string }>('POST', '/v1/admin/tokens', {
      name: 'support',
      scopes: ['admin'],
    });
    const mint = (body: object) =>
      board.request<{ token: string }>('POST', `/v1/admin/tenants/${acme.id}/stream-tokens`, {
        token: second.body.token,
        body,
      });
    expect((await mint({ agents: [sol] })).body['type' as never]).toBe('/problems/agent-not-found');
    expect((await mint({ ttl: '2h' })).status).toBe(400);
    const { token } = (await mint({ agents: [mara], types: ['call.*'] })).body;
    for (const path of ['/v1/log', '/v1/me', '/v1/admin/tenants'])
      expect((await board.request('GET', path, { token })).status).toBe(403);
    expect((await board.request('GET', '/v1/admin/events', { token })).status).toBe(403);
    const view = await board.open('/v1/events', { token });
    await view.untilType('log.caught_up');
    await board.ingest(message(mara, fresh('c'), 1), { event: 'call.started', agent: mara, callId: fresh('c') });
    await view.untilType('call.started');
    expect(view.events).toHaveLength(1);
    await board.admin('DELETE', `/v1/admin/tokens/${second.body.id}`);
    await view.until(() => view.ended, 'its end', 1000);
  });

  it('of a tenant that is not there is refused', async () => {
    const answer = await board.admin('POST', '/v1/admin/tenants/no-such-tenant/stream-tokens', {});
    expect([answer.status, answer.body['type']]).toEqual([404, '/problems/tenant-not-found']);
  });
});
