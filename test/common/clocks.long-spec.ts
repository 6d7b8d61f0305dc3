/**
 * The wall clock jumps, both ways, under everything that measures a duration: nothing is late, early or refused because
 * of it.
 */
import { jest } from '@jest/globals';
import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Response } from 'express';
import { NEVER, Subject } from 'rxjs';
import type { AuditLog } from '../../src/audit/audit-log.js';
import type { Bus, BusMessage } from '../../src/bus/bus.js';
import { IssuerKeys } from '../../src/auth/keys/issuer-keys.js';
import type { PgPool } from '../../src/database/pg-pool.js';
import type { Identity, Principal } from '../../src/auth/principal.js';
import { SigningKeys } from '../../src/auth/keys/signing-keys.js';
import { CurrentRights } from '../../src/auth/current-rights.js';
import { VerifiedTokens } from '../../src/auth/tokens/verified-tokens.js';
import { TokenBuckets } from '../../src/common/token-bucket.js';
import type { Env } from '../../src/config/env.js';
import type { PrismaService } from '../../src/database/prisma.service.js';
import { EventTail } from '../../src/events/live/event-tail.js';
import { Outlet } from '../../src/events/streams/outlet.js';
import { StreamConnection } from '../../src/events/streams/stream-connection.js';
import { Issuer } from '../support/issuer.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

/** All but `Date`. */
const REAL = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];

let passedMs = 0;
const now = performance.now.bind(performance);
const jump = (ms: number) => jest.setSystemTime(Date.now() + ms);
/** Time passes: both clocks know. */
function pass(ms: number): void {
  passedMs += ms;
  jump(ms);
}

beforeEach(() => {
  passedMs = 0;
  jest.useFakeTimers({ doNotFake: REAL, now: Date.now() });
  jest.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const identity = (id = 'one'): Identity => ({
  tokenId: id,
  tenantId: null,
  kind: 'api',
  parentTokenId: null,
  viewedBy: null,
  mintsUntil: null,
  scopes: new Set(['admin'] as const),
  expiresAt: new Date(Date.now() + 3_600_000),
  agents: null,
  calls: null,
  types: null,
});

function standings() {
  const messages = new Subject<BusMessage>();
  let looks = 0;
  const row = {
    of: 'one',
    id: 'one',
    tenantId: null,
    scopes: ['admin'],
    renewsUntil: null,
    person: null,
    revokedAt: null,
    lastUsedAt: new Date(),
    expiresAt: identity().expiresAt,
  };
  const pool = {
    prepared: () => Promise.resolve((looks += 1) && { rows: [row] }),
    query: () => Promise.resolve({ rows: [] }),
  } as unknown as PgPool;
  const made = new CurrentRights(pool, { messages } as unknown as Bus, { limits: {} } as Env);
  return { made, messages, looks: () => looks };
}

async function openOutlet() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [IncomingMessage, Response];
  const close = () => {
    client.destroy();
    server.close();
  };
  return { outlet: new Outlet(response), response, close };
}

describe.each([-120_000, 120_000])('when the clock jumps by %i ms', (jumpMs) => {
  it('a bucket fills as fast as ever', () => {
    const buckets = new TokenBuckets();
    expect(buckets.charge('acme', 50, 10)).toBe(0);
    jump(jumpMs);
    pass(1000);
    expect(buckets.charge('acme', 10, 10)).toBe(0);
    expect(buckets.charge('acme', 10, 10)).toBeGreaterThan(500);
  });

  it('what was verified is remembered for its time', () => {
    const verified = new VerifiedTokens();
    verified.remember('text', identity());
    jump(jumpMs);
    expect(verified.recall('text')).toBeDefined();
    pass(10_001);
    expect(verified.recall('text')).toBeUndefined();
  });

  it('what a token may do is looked up again after its time, and what changes then is known to be later', async () => {
    const { made, messages, looks } = standings();
    const { checkedAt } = await made.principal(identity());
    jump(jumpMs);
    await made.principal(identity());
    expect(looks()).toBe(1);
    pass(1001);
    await made.principal(identity());
    expect(looks()).toBe(2);
    messages.next({ kind: 'token-changed', tokenId: 'one' });
    expect(made.changedAt).toBeGreaterThanOrEqual(checkedAt);
    await made.principal(identity());
    expect(looks()).toBe(3);
  });

  it('a key that is not known is looked for after its time', async () => {
    let loads = 0;
    const pool = { query: () => Promise.resolve({ rows: (loads += 1) && [] }) } as unknown as PgPool;
    const bus = { messages: NEVER, reconnected: NEVER } as unknown as Bus;
    const keys = new SigningKeys({} as PrismaService, pool, {} as AuditLog, bus);
    await keys.publicKey('unknown');
    jump(jumpMs);
    await keys.publicKey('unknown');
    expect(loads).toBe(1);
    pass(5001);
    await keys.publicKey('unknown');
    expect(loads).toBe(2);
  });

  it('an identity provider is asked again for a key that is not known, after its time', async () => {
    const issuer = await Issuer.start();
    const jwksUrl = issuer.variables['AUTH_JWKS_URL'];
    const keys = new IssuerKeys({ identityProvider: { jwksUrl } } as Env);
    const ask = () => expect(keys.publicKey('unknown', 'ES256')).rejects.toThrow('unknown kid');
    await ask();
    jump(jumpMs);
    await ask();
    expect(issuer.asked).toBe(1);
    pass(5001);
    await ask();
    expect(issuer.asked).toBe(2);
    await issuer.goAway();
  });

  it('a stream is pinged, and ends, at its time; a client that reads is not taken for one that does not', async () => {
    const { outlet, response, close } = await openOutlet();
    const told: unknown[] = [];
    const chunks = new Subject<never>();
    outlet.send(chunks).subscribe();
    const reader = { next: () => told.push('ping'), error: () => undefined, complete: () => undefined };
    const principal = { ...identity(), checkedAt: 0 } as unknown as Principal;
    const times = { streamPingMs: 30_000, streamMaxMs: 1_000_000 };
    const scope = { agents: null, calls: null, types: null };
    const stream = { cursor: 0, isLive: true, tell: () => undefined, ping: () => reader.next() };
    const connection = new StreamConnection(principal, scope, stream, outlet, reader);
    connection.schedule(performance.now(), times);
    response.write('x'.repeat(100));
    jump(jumpMs);
    expect(connection.tick(performance.now(), times)).toBeUndefined();
    expect(told).toEqual([]);
    pass(30_001);
    expect(connection.tick(performance.now(), times)).toBeUndefined();
    expect(told).toEqual(['ping']);
    pass(1_000_000);
    expect(connection.tick(performance.now(), times)?.reason).toBe('longest-time');
    close();
  });

  it('a running server serves on, notices what changes, and ends what has expired', async () => {
    const board = await Switchboard.start({ STREAM_PING_SECONDS: '2' });
    try {
      const agent = fresh('mara');
      const tenant = await board.createTenant({ agents: [agent] });
      await board.ingest(message(agent, fresh('c'), 1));
      const reader = await board.open('/v1/events', { token: tenant.token });
      await reader.untilType('log.caught_up');
      const { length } = reader.raw;
      jump(jumpMs);
      await reader.until(({ raw }) => raw.includes(':ping', length), 'a ping');
      for (let request = 0; request < 60; request++)
        expect((await board.request('GET', '/v1/me', { token: tenant.token })).status).toBe(200);
      await board.ingest(message(agent, fresh('c'), 2));
      await reader.until(({ lastEventId }) => lastEventId === '2', 'the event');
      expect(board.app.get(EventTail).behindMs).toBeLessThan(60_000);
      expect(reader.of('stream.closing')).toEqual([]);
      jump(400 * 86_400_000); // Beyond what any token is good for.
      expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: '/problems/token-expired' });
      jump(-400 * 86_400_000);
      await waitFor(async () => (await board.request('GET', '/v1/me', { token: tenant.token })).status === 200);
    } finally {
      await board.stop();
    }
  });
});
