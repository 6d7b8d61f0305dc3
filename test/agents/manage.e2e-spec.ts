import { randomUUID } from 'node:crypto';
import { Switchboard } from '../support/switchboard.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;

describe('tenants', () => {
  it('are created, listed in pages, read, changed and deleted', async () => {
    const tenant = fresh('t');
    const created = await board.admin('POST', '/v1/admin/tenants', {
      tenant,
      name: 'Acme Corp',
      limits: { streams: 100, retentionDays: 30 },
    });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      tenant,
      name: 'Acme Corp',
      status: 'active',
      limits: { streams: 100, retentionDays: 30 },
      createdAt: expect.any(String),
    });
    expect((await board.admin('POST', '/v1/admin/tenants', { tenant })).body).toMatchObject({
      type: '/problems/tenant-exists',
      status: 409,
    });
    expect((await board.admin('GET', `/v1/admin/tenants/${tenant}`)).body).toEqual(created.body);
    const changed = await board.admin('PATCH', `/v1/admin/tenants/${tenant}`, { name: 'Acme', limits: { streams: 5 } });
    expect(changed.body).toMatchObject({ name: 'Acme', limits: { streams: 5, retentionDays: 30 } });
    await board.admin('POST', '/v1/admin/tenants', { tenant: fresh('t') });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: { body: { tenants: { tenant: string }[]; next: string | null } } = await board.admin(
        'GET',
        `/v1/admin/tenants?limit=1${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...body.tenants.map((row) => row.tenant));
      cursor = body.next;
    }
    expect(seen).toContain(tenant);
    expect(new Set(seen).size).toBe(seen.length);
    expect((await board.admin('DELETE', `/v1/admin/tenants/${tenant}`)).status).toBe(204);
    expect((await board.admin('GET', `/v1/admin/tenants/${tenant}`)).body).toMatchObject({
      type: '/problems/tenant-not-found',
    });
  });

  it('that are deleted take their events, calls, tokens and open streams along, and free their agents', async () => {
    const agent = fresh('mara');
    const { id, token } = await board.createTenant({ agents: [agent] });
    const call = fresh('call');
    await board.ingest({ event: 'call.started', agent, callId: call });
    const reader = await board.open('/events', { token });
    await reader.untilType('log.caught_up');
    expect((await board.admin('DELETE', `/v1/admin/tenants/${id}`)).status).toBe(204);
    await reader.until(() => reader.ended);
    expect((await board.request('GET', '/v1/log', { token })).body).toMatchObject({ type: '/problems/token-revoked' });
    const heir = await board.createTenant({ agents: [agent] });
    // The call goes on after its tenant has gone: it is nobody's now, not the heir's.
    await board.ingest(
      { event: 'call.ended', agent, callId: call },
      { event: 'bot.word', agent, callId: call, word: 'x' },
    );
    expect((await board.request('GET', '/v1/log', { token: heir.token })).body).toMatchObject({ events: [] });
  });
});

describe('agents', () => {
  it('change owner by compare-and-set, with a history', async () => {
    const [a, b] = [await board.createTenant(), await board.createTenant()];
    const agent = fresh('mara/ö+1');
    const path = `/v1/admin/agents/${encodeURIComponent(agent)}/owner`;
    expect((await board.admin('PUT', path, { tenant: a.id, from: null })).body).toEqual({
      agent,
      tenant: a.id,
      since: expect.any(String),
    });
    expect((await board.admin('PUT', path, { tenant: b.id, from: null })).body).toMatchObject({
      type: '/problems/owner-changed',
      status: 409,
      owner: a.id,
    });
    expect((await board.admin('PUT', path, { tenant: b.id })).status).toBe(400);
    expect((await board.admin('PUT', path, { tenant: 'ghost', from: a.id })).body).toMatchObject({
      type: '/problems/tenant-not-found',
    });
    expect((await board.admin('PUT', path, { tenant: b.id, from: a.id })).status).toBe(200);
    expect((await board.admin('DELETE', path, { from: a.id })).status).toBe(409);
    expect((await board.admin('DELETE', path, { from: b.id })).status).toBe(204);
    const { body } = await board.admin<{ owners: { tenant: string; until: string | null }[] }>('GET', `${path}s`);
    expect(body.owners.map(({ tenant, until }) => [tenant, until !== null])).toEqual([
      [b.id, true],
      [a.id, true],
    ]);
    const unassigned = await board.admin<{ agents: { agent: string }[] }>(
      'GET',
      '/v1/admin/agents?unassigned=true&limit=1000',
    );
    expect(unassigned.body.agents).toContainEqual({ agent, tenant: null, since: null });
  });

  it('that two claim at once go to exactly one', async () => {
    const tenants = await Promise.all(Array.from({ length: 8 }, () => board.createTenant()));
    for (let round = 0; round < 5; round++) {
      const agent = fresh('contested');
      const answers = await Promise.all(
        tenants.map(({ id }) => board.admin('PUT', `/v1/admin/agents/${agent}/owner`, { tenant: id, from: null })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(409)]);
      const { body } = await board.admin<{ owners: unknown[] }>('GET', `/v1/admin/agents/${agent}/owners`);
      expect(body.owners).toHaveLength(1);
    }
  });

  it('that sent events while nobody owned them are listed as unassigned; what came before an assignment stays nobody’s', async () => {
    const agent = fresh('nora');
    const call = fresh('call');
    await board.ingest({ event: 'call.started', agent, callId: call });
    const { body } = await board.admin<{ agents: { agent: string }[] }>(
      'GET',
      '/v1/admin/agents?unassigned=true&limit=1000',
    );
    expect(body.agents.map((row) => row.agent)).toContain(agent);
    const { token } = await board.createTenant({ agents: [agent] });
    await board.ingest(
      { event: 'call.ended', agent, callId: call },
      { event: 'call.started', agent, callId: fresh('next') },
    );
    const log = await board.request<{ events: { type: string }[] }>('GET', '/v1/log', { token });
    expect(log.body.events.map(({ type }) => type)).toEqual(['call.started']);
  });

  it('in the middle of a call: it stays whole with the old owner, and the new one sees nothing of it anywhere', async () => {
    const agent = fresh('mara');
    const call = fresh('call');
    const before = await board.createTenant({ agents: [agent] });
    const after = await board.createTenant();
    const old = await board.open('/events', { token: before.token });
    const heir = await board.open('/events', { token: after.token });
    await Promise.all([old.untilType('log.caught_up'), heir.untilType('log.caught_up')]);
    await board.ingest({ event: 'call.started', agent, callId: call, secret: call });
    await board.assign(agent, after.id, before.id);
    expect((await heir.untilType('agents.changed')).data).toEqual({ agents: [agent], added: [agent], removed: [] });
    expect((await old.untilType('agents.changed')).data).toEqual({ agents: [], added: [], removed: [agent] });
    const next = fresh('next');
    await board.ingest(
      { event: 'bot.word', agent, callId: call, word: 'still', wordIndex: 0 },
      { event: 'user.message', agent, callId: call, messageId: 'm', text: 'still' },
      { event: 'call.ended', agent, callId: call },
      { event: 'call.started', agent, callId: next },
    );
    await old.untilType('call.ended');
    await heir.untilType('call.started');
    expect(old.events.map(({ type }) => type)).toEqual(['call.started', 'bot.word', 'user.message', 'call.ended']);
    expect(heir.events.map(({ data }) => data['callId'])).toEqual([next]);
    expect(heir.raw).not.toContain(call);
    for (const path of ['/v1/log?after=0', `/v1/log?agents=${agent}`, '/v1/agents', '/v1/me']) {
      const answer = await board.request('GET', path, { token: after.token });
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(call);
    }
    for (const path of [`/v1/log?call=${call}`, `/v1/calls/${call}/events`]) {
      expect((await board.request('GET', path, { token: after.token })).body).toMatchObject({
        type: '/problems/call-not-found',
      });
    }
    const resumed = await board.open(`/v1/calls/${call}/events`, { token: before.token });
    await resumed.untilType('log.caught_up');
    expect(resumed.events.map(({ type }) => type)).toEqual(['call.started', 'user.message', 'call.ended']);
    const byAgent = await board.open(`/events/${agent}?after=0`, { token: before.token });
    await byAgent.untilType('log.caught_up');
    expect(byAgent.events).toHaveLength(3);
  });
});

describe('reading', () => {
  it('pages through the log with next, to its live end', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    await board.ingest(
      ...Array.from({ length: 7 }, (_, n) => ({ event: 'user.message', agent, callId: agent, messageId: `m${n}` })),
    );
    const ids: string[] = [];
    let after = '0';
    for (let live = false; !live;) {
      const { body } = await board.request<{ events: { id: string }[]; next: string; live: boolean }>(
        'GET',
        `/v1/log?after=${after}&limit=3`,
        { token },
      );
      ids.push(...body.events.map(({ id }) => id));
      ({ next: after, live } = body);
    }
    expect(ids).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(after).toBe('7');
    const one = await board.request<{ events: unknown[] }>('GET', '/v1/log?limit=1', { token });
    expect(one.body.events).toEqual([
      {
        id: '1',
        type: 'user.message',
        at: expect.any(String),
        data: expect.objectContaining({ messageId: 'm0', agent }),
      },
    ]);
    expect((await board.request('GET', '/v1/log?limit=1001', { token })).status).toBe(400);
    expect((await board.request('GET', '/v1/log?agents=', { token })).status).toBe(400);
  });

  it('says who a token is, and which agents are its tenant’s', async () => {
    const agents = [fresh('a'), fresh('b')];
    const { token, id } = await board.createTenant({ agents });
    const me = await board.request('GET', '/v1/me', { token });
    expect(me.body).toEqual({
      tenant: id,
      scopes: ['events:read', 'agents:read'],
      agents: [...agents].sort(),
      expiresAt: expect.any(String),
    });
    const list = await board.request('GET', '/v1/agents', { token });
    expect(list.body).toEqual({
      agents: [...agents].sort().map((agent) => ({ agent, since: expect.any(String) })),
      next: null,
    });
  });

  it('answers a missing path with problem+json and names the request', async () => {
    const answer = await board.request('GET', '/v1/nothing');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body['instance']).toBe(answer.headers.get('x-request-id'));
  });

  it('describes itself', async () => {
    const { body } = await board.request<{ paths: Record<string, unknown> }>('GET', '/openapi.json');
    for (const path of [
      '/v1/events',
      '/v1/agents/{agent}/events',
      '/v1/calls/{call}/events',
      '/v1/log',
      '/v1/ingest',
      '/v1/admin/tenants/{tenant}',
      '/v1/admin/agents/{agent}/owner',
    ]) {
      expect(Object.keys(body.paths)).toContain(path);
    }
    expect((await board.request('GET', '/docs')).status).toBe(200);
    expect((await board.request('GET', '/healthz')).body).toEqual({ status: 'ok' });
    expect((await board.request('GET', '/readyz')).body).toMatchObject({
      status: 'ready',
      database: { state: 'up' },
      bus: { state: 'up' },
      sources: {},
    });
  });
});
