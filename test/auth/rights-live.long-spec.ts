/** Rights while a stream is open. */
import { randomUUID } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ METRICS_TOKEN: 'a-token-for-metrics' })));
afterAll(() => board.stop());

const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const minted = (token: string, body: object = {}) =>
  board.request<{ token: string; url: string; expiresAt: string }>('POST', '/v1/stream-tokens', { token, body });

describe('while a stream is open', () => {
  /** Opens a stream, does something to its rights, and tells how it ended and how soon. */
  async function closingAfter(act: () => Promise<unknown>, token: string) {
    const reader = await board.open('/events', { token });
    await reader.untilType('log.caught_up');
    const acted = Date.now();
    await act();
    const { data } = await reader.untilType('stream.closing');
    await reader.until(() => reader.ended);
    return { data, ms: Date.now() - acted, reader };
  }

  it('revoking its token ends it within a second, and it does not come back', async () => {
    const { token, tokenId } = await board.createTenant();
    const { data, ms, reader } = await closingAfter(() => board.admin('DELETE', `/v1/admin/tokens/${tokenId}`), token);
    expect(data).toMatchObject({
      type: '/problems/token-revoked',
      title: expect.any(String),
      retry: expect.any(Number),
    });
    expect(ms).toBeLessThan(1000);
    expect(reader.raw).toMatch(/retry: \d+\nevent: stream\.closing/);
    expect((await board.request('GET', '/events', { token })).body).toMatchObject({
      type: '/problems/token-revoked',
      status: 401,
    });
  });

  it('revoking the token it was minted from ends it too', async () => {
    const { token, tokenId } = await board.createTenant();
    const stream = (await minted(token)).body.token;
    const { data } = await closingAfter(() => board.admin('DELETE', `/v1/admin/tokens/${tokenId}`), stream);
    expect(data).toMatchObject({ type: '/problems/token-revoked' });
    expect((await board.request('GET', '/events', { token: stream })).status).toBe(401);
  });

  it('suspending its tenant ends it; activating lets it in again', async () => {
    const { token, id } = await board.createTenant();
    const { data, ms } = await closingAfter(
      () => board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'suspended' }),
      token,
    );
    expect(data).toMatchObject({ type: '/problems/tenant-suspended' });
    expect(ms).toBeLessThan(1000);
    expect((await board.request('GET', '/v1/log', { token })).body).toMatchObject({
      type: '/problems/tenant-suspended',
      status: 403,
    });
    await board.admin('PATCH', `/v1/admin/tenants/${id}`, { status: 'active' });
    expect((await board.request('GET', '/v1/log', { token })).status).toBe(200);
  });

  it('a control message that was lost is made good by the sweep', async () => {
    const { token, tokenId } = await board.createTenant();
    const { data, ms } = await closingAfter(
      () => query(board.databaseUrl, 'UPDATE tokens SET revoked_at = now() WHERE id = $1', [tokenId]),
      token,
    );
    expect(data).toMatchObject({ type: '/problems/token-revoked' });
    expect(ms).toBeLessThan(7000);
  });

  it('its token’s end is announced, and carried out within 2 s', async () => {
    const { id } = await board.createTenant();
    const { token } = await board.createToken(id, { ttl: '3s' });
    const expiresAt = (jwt.decode(token) as { exp: number }).exp * 1000;
    const reader = await board.open('/events', { token });
    const { data } = await reader.untilType('token.expiring');
    expect(data).toEqual({ at: new Date(expiresAt).toISOString() });
    expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: '/problems/token-expired' });
    expect(Math.abs(Date.now() - expiresAt)).toBeLessThan(2000);
    expect((await board.request('GET', '/events', { token })).body).toMatchObject({
      type: '/problems/token-expired',
      status: 401,
    });
  });

  it('the end of a token that was rolled is announced, and carried out within 2 s, also where it was minted from', async () => {
    const { token, tokenId } = await board.createTenant();
    const readers = [await board.open('/events', { token })];
    readers.push(await board.open('/events', { token: (await minted(token)).body.token }));
    for (const reader of readers) await reader.untilType('log.caught_up');
    const { body } = await board.admin<{ token: string; replaces: { worksUntil: string } }>(
      ...(['POST', `/v1/admin/tokens/${tokenId}/roll`, { overlap: '4s' }] as const),
    );
    const at = body.replaces.worksUntil;
    for (const reader of readers) {
      expect((await reader.untilType('token.expiring')).data).toEqual({ at });
      expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: '/problems/token-expired' });
      expect(Date.now() - Date.parse(at)).toBeGreaterThanOrEqual(0);
      expect(Date.now() - Date.parse(at)).toBeLessThan(2000);
    }
    const resumed = await board.open('/events', { token: body.token });
    await resumed.untilType('log.caught_up');
  });

  it('rolling its token without an overlap ends it within a second', async () => {
    const { token, tokenId } = await board.createTenant();
    const roll = () => board.admin('POST', `/v1/admin/tokens/${tokenId}/roll`, { overlap: '0s' });
    const { data, ms } = await closingAfter(roll, token);
    expect(data).toMatchObject({ type: '/problems/token-revoked' });
    expect(ms).toBeLessThan(1000);
  });

  it('word of a roll that was lost is made good by the sweep', async () => {
    const { token, tokenId } = await board.createTenant();
    const shorten = `UPDATE tokens SET expires_at = now() + interval '1 second' WHERE id = $1`;
    const { data, ms } = await closingAfter(() => query(board.databaseUrl, shorten, [tokenId]), token);
    expect(data).toMatchObject({ type: '/problems/token-expired' });
    expect(ms).toBeLessThan(7000);
  });
});

describe('the server itself', () => {
  it('pings, and says goodbye with a cursor that works on the next process', async () => {
    const first = await Switchboard.start({ STREAM_PING_SECONDS: '1' });
    const agent = fresh('mara');
    const { token } = await first.createTenant({ agents: [agent] });
    await first.ingest({ event: 'call.started', agent, callId: agent });
    const reader = await first.open('/events?after=0', { token });
    await reader.until(() => reader.comments.includes('ping'), 'a ping');
    const second = await first.beside();
    const stopping = first.shutDown();
    expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: '/problems/unavailable' });
    await second.ingest({ event: 'call.ended', agent, callId: agent });
    const resumed = await second.open('/events', { token, lastEventId: reader.lastEventId ?? '' });
    await resumed.untilType('log.caught_up');
    expect(resumed.events.map(({ id, type }) => [id, type])).toEqual([['2', 'call.ended']]);
    await stopping;
    await second.stop();
    await first.stop();
  });

  it('a route that says nothing about access is closed to everybody', async () => {
    // Written here, so that no shipped route has to be wrong for the guard to be seen right.
    class Forgotten {
      read() {
        return 'secret';
      }
    }
    Controller('forgotten')(Forgotten);
    Get()(
      Forgotten.prototype,
      'read',
      Object.getOwnPropertyDescriptor(Forgotten.prototype, 'read') as PropertyDescriptor,
    );
    class ForgottenModule {}
    Module({ controllers: [Forgotten] })(ForgottenModule);
    const guarded = await Switchboard.start({}, [ForgottenModule]);
    expect((await guarded.request('GET', '/forgotten')).status).toBe(401);
    const answer = await guarded.request('GET', '/forgotten', { token: guarded.adminToken });
    expect(answer.body).toMatchObject({ type: '/problems/insufficient-scope', status: 403 });
    await guarded.stop();
  });
});
