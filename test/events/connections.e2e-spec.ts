import { waitFor } from '../support/wait-for.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

let one: Switchboard;
let two: Switchboard;
beforeAll(async () => {
  one = await Switchboard.start();
  two = await one.beside({ TRUST_PROXY: 'loopback' });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

interface Connection {
  readonly [field: string]: unknown;
  readonly id: string;
  readonly tenant: string | null;
}
const list = async (board: Switchboard, tenant: string | null) => {
  const { body } = await board.admin<{ connections: Connection[] }>('GET', '/v1/admin/connections');
  return body.connections.filter((connection) => connection.tenant === tenant);
};

describe('the list of connections', () => {
  it('has the streams of all processes: who, since when, from where, how far', async () => {
    const [mara, lucia] = [fresh('mara'), fresh('lucia')];
    const acme = await one.createTenant({ agents: [mara, lucia] });
    await one.ingest(message(mara, fresh('c'), 1), message(mara, fresh('c'), 2));
    const { body } = await one.request<{ token: string }>('POST', '/v1/stream-tokens', {
      token: acme.token,
      body: { agents: [mara], types: ['call.*'] },
    });
    const started = Date.now();
    const headers = { 'User-Agent': 'dashboard/1', 'X-Forwarded-For': '203.0.113.7' };
    const first = await one.open('/v1/events', { token: acme.token, headers });
    await first.untilType('log.caught_up');
    const second = await two.open(`/v1/events?token=${body.token}`, {
      headers: { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' },
    });
    await second.untilType('log.caught_up');
    for (const board of [one, two]) {
      // The list is of those who answer in time.
      await waitFor(async () => (await list(board, acme.id)).length === 2, 'both processes to answer');
      const connections = await list(board, acme.id);
      expect(connections[0]).toEqual({
        id: expect.any(String),
        tenant: acme.id,
        tokenId: acme.tokenId,
        parentTokenId: null,
        person: null,
        view: false,
        since: expect.any(String),
        expiresAt: expect.any(String),
        remoteAddress: expect.stringContaining('127.0.0.1'),
        forwardedFor: '203.0.113.7',
        userAgent: 'dashboard/1',
        agents: null,
        calls: null,
        types: null,
        cursor: 2,
        lag: 0,
        queuedBytes: 0,
      });
      expect(connections[1]).toMatchObject({
        parentTokenId: acme.tokenId,
        agents: [mara],
        types: ['call.*'],
        // Its process believes a proxy on this machine, and nobody whom that one does not know.
        remoteAddress: '203.0.113.7',
        forwardedFor: '198.51.100.1, 203.0.113.7',
      });
      expect(Math.abs(new Date(String(connections[0]?.['since'])).getTime() - started)).toBeLessThan(2000);
    }
    await one.ingest(message(lucia, fresh('c'), 3));
    await first.untilType('user.message');
    expect((await list(two, acme.id))[0]).toMatchObject({ cursor: 3, lag: 0 });
    second.close();
    await waitFor(async () => (await list(one, acme.id)).length === 1, 'the closed one to be gone');
  });

  it('shows admins’ streams and views as what they are', async () => {
    const acme = await one.createTenant();
    const admin = await two.open('/v1/admin/events', { token: one.adminToken });
    await admin.untilType('log.caught_up');
    const { body } = await one.admin<{ token: string }>('POST', `/v1/admin/tenants/${acme.id}/stream-tokens`, {});
    const view = await two.open(`/v1/events?token=${body.token}`);
    await view.untilType('log.caught_up');
    expect(await list(one, null)).toEqual([expect.objectContaining({ tenant: null, view: false })]);
    expect(await list(one, acme.id)).toEqual([expect.objectContaining({ tenant: acme.id, view: true })]);
    admin.close();
  });

  it('fits many connections with long names through the bus', async () => {
    const agents = Array.from({ length: 12 }, (_, index) => `${fresh('agent')}-${'ü'.repeat(100)}${index}`);
    const acme = await one.createTenant({ agents });
    const path = `/v1/events?agents=${agents.map(encodeURIComponent).join(',')}`;
    const headers = { 'User-Agent': 'x'.repeat(500) };
    const readers = await Promise.all(Array.from({ length: 30 }, () => two.open(path, { token: acme.token, headers })));
    for (const reader of readers) await reader.untilType('log.caught_up');
    const connections = await list(one, acme.id);
    expect(connections).toHaveLength(30);
    expect(connections[0]?.['agents']).toEqual([...agents.slice(0, 5), '…']);
    for (const reader of readers) reader.close();
  });
});

it('is there as soon as all have answered: at once where nobody else is', async () => {
  const alone = await Switchboard.start();
  const quickest = async (board: Switchboard) => {
    const times: number[] = [];
    await waitFor(async () => {
      const startedAt = performance.now();
      await list(board, null);
      times.push(performance.now() - startedAt);
      return Math.min(...times) < 200 || times.length > 40;
    }, 'a quick answer');
    return Math.min(...times);
  };
  expect(await quickest(alone)).toBeLessThan(200);
  expect(await quickest(one)).toBeLessThan(200);
  await alone.stop();
});

describe('closing a connection', () => {
  it('ends that stream on whatever process it is, says so, and its client may come back', async () => {
    const mara = fresh('mara');
    const acme = await one.createTenant({ agents: [mara] });
    const [stream, other] = [
      await two.open('/v1/events', { token: acme.token }),
      await two.open('/v1/events', { token: acme.token }),
    ];
    for (const reader of [stream, other]) await reader.untilType('log.caught_up');
    const [first] = await list(one, acme.id);
    const answer = await one.admin('DELETE', `/v1/admin/connections/${first?.id}`);
    expect(answer.status).toBe(204);
    await stream.until(() => stream.ended, 'its end', 1000);
    expect(stream.of('stream.closing')[0]?.data).toMatchObject({ type: '/problems/unavailable' });
    await one.ingest(message(mara, fresh('c'), 1));
    const back = await two.open('/v1/events', { token: acme.token, lastEventId: stream.lastEventId ?? '' });
    await back.untilType('user.message');
    await other.untilType('user.message');
    const { body } = await one.request<{ audit: object[] }>('GET', '/v1/audit', { token: acme.token });
    expect(body.audit[0]).toMatchObject({ action: 'connection.close', target: first?.id, by: 'operator' });
  });

  it('that is not there is a 404, and a tenant may neither list nor close', async () => {
    const acme = await one.createTenant();
    expect((await one.admin('DELETE', '/v1/admin/connections/none')).status).toBe(404);
    for (const method of ['GET', 'DELETE'])
      expect(
        (await one.request(method, `/v1/admin/connections${method === 'GET' ? '' : '/x'}`, { token: acme.token }))
          .status,
      ).toBe(403);
  });
});
