/** Security rule 33: nothing that is not public is reached for a tenant, in whatever way it is written. */
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { LOOPBACK, isPublic, isWithin, rangeOf } from '../../src/common/address-range.js';
import { AddressGuard, guardedAgent } from '../../src/common/guarded-agent.js';
import { request } from 'undici';
import { Switchboard } from '../support/switchboard.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import { notations } from '../support/forbidden-addresses.js';

it('knows what is public, in every notation that sockets and resolvers use', () => {
  const secret = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '192.0.2.1',
    '203.0.113.9',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:0:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '100::1',
    'localhost',
    '',
    '1.2.3',
  ];
  expect(secret.filter(isPublic)).toEqual([]);
  expect(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111'].filter((text) => !isPublic(text))).toEqual([]);
  expect(isWithin('::ffff:10.0.0.1', [rangeOf('10.0.0.0/8') ?? ([] as never)])).toBe(true);
  expect(rangeOf('10.0.0.0/33') ?? rangeOf('ten')).toBeUndefined();
});

describe('a canary on addresses that are forbidden', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  let reached = 0;
  let port = 0;

  async function listen(host: string, onPort: number): Promise<number> {
    const server = createServer((socket) => {
      reached += 1;
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(onPort, host, resolve));
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  beforeAll(async () => {
    port = await listen('0.0.0.0', 0);
    // The same port on IPv6, where the machine has it.
    if (
      Object.values(networkInterfaces())
        .flat()
        .some((one) => one?.family === 'IPv6')
    )
      await listen('::1', port).catch(() => undefined);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  });

  it('is reached by none of 200 notations, names and schemes, neither when they are named nor when they are sent to', async () => {
    const board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
    try {
      const tenant = await board.createTenant({ scopes: ['webhooks:write'] });
      const inputs = notations(port);
      expect(inputs.length).toBeGreaterThanOrEqual(200);
      const taken: string[] = [];
      for (const url of inputs) {
        const { status, body } = await board.request<{ id: string }>('POST', '/v1/webhooks', {
          token: tenant.token,
          body: { url },
        });
        expect([201, 400]).toContain(status);
        if (status === 400) continue;
        taken.push(url);
        const test = await board.request<{ status: number | null; reason: string }>(
          'POST',
          `/v1/webhooks/${body.id}/test`,
          tenant,
        );
        if (test.status === 200) expect(test.body.status).toBeNull();
        await board.request('DELETE', `/v1/webhooks/${body.id}`, tenant);
      }
      expect(taken.every((url) => url.startsWith('https://'))).toBe(true); // Names, of which only the connection knows.
      expect(reached).toBe(0);
      // What the check at creation lets through, or may never see: the connection itself refuses.
      const agent = guardedAgent(new AddressGuard([]));
      for (const url of inputs) {
        const post = async () => request(url, { dispatcher: agent, method: 'POST', body: 'x' });
        const [why] = await Promise.allSettled([post()]);
        expect(why.status).toBe('rejected');
      }
      await agent.destroy();
      expect(reached).toBe(0);
    } finally {
      await board.stop();
    }
  });

  it('is seen by the same requests where its address is allowed', async () => {
    const agent = guardedAgent(new AddressGuard(LOOPBACK));
    await request(`http://127.0.0.1:${port}/`, { dispatcher: agent, method: 'POST', body: 'x' });
    await request(`http://localhost:${port}/`, { dispatcher: agent, method: 'POST', body: 'x' });
    await agent.destroy();
    expect(reached).toBe(2);
  });
});

it('does not follow a redirect, nor use a proxy that the environment names', async () => {
  const [canary, proxy, receiver] = await Promise.all([1, 2, 3].map(() => WebhookReceiver.start()));
  if (!canary || !proxy || !receiver) throw new Error('no receivers');
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
  for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url;
  const board = await Switchboard.start({ WEBHOOKS_ALLOW: '127.0.0.1' });
  try {
    receiver.answer = () => ({ status: 307, headers: { Location: canary.url } });
    const tenant = await board.createTenant({ scopes: ['webhooks:write'] });
    const hook = await board.request<{ id: string }>('POST', '/v1/webhooks', {
      token: tenant.token,
      body: { url: receiver.url },
    });
    const test = await board.request('POST', `/v1/webhooks/${hook.body.id}/test`, { token: tenant.token, body: {} });
    expect(test.body).toMatchObject({ status: 307, reason: 'it answered 307, a redirect, which is not followed' });
    expect([canary.deliveries, proxy.deliveries, receiver.deliveries].map(({ length }) => length)).toEqual([0, 0, 1]);
  } finally {
    for (const name of names) Reflect.deleteProperty(process.env, name);
    await board.stop();
    await Promise.all([canary, proxy, receiver].map((one) => one.stop()));
  }
});

it('looks at the address of every connection: a name that meant a public one and means a private one now is not reached', async () => {
  const guard = new AddressGuard([]);
  expect(guard.whyNot('93.184.216.34', true)).toBeUndefined(); // What it meant when it was made.
  // What the machine's resolver says at connection counts.
  const agent = guardedAgent(guard);
  await expect(request('https://localhost:1/', { dispatcher: agent, method: 'POST', body: 'x' })).rejects.toThrow(
    'its address is not a public one',
  );
  await agent.destroy();
});
