/** Security rule 33: a name that has another address at each look-up never leads to a forbidden one. */
import type { LookupAddress } from 'node:dns';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { rangeOf } from '../../src/common/address-range.js';
import { AddressGuard, guardedAgent } from '../../src/common/guarded-agent.js';

/** Stands for a public address. Only Linux has all of 127.0.0.0/8. */
const ALLOWED = process.platform === 'linux' ? '127.0.0.2' : '::1';
const FORBIDDEN = '127.0.0.1';

const servers: Server[] = [];
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

/** Counts requests; each connection is used once, so that each request looks the name up. */
async function listen(host: string, port: number): Promise<{ port: number; connections: () => number }> {
  let count = 0;
  const server = createServer((_, response) => response.writeHead(204, { Connection: 'close' }).end());
  server.on('connection', () => (count += 1));
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return { port: (server.address() as AddressInfo).port, connections: () => count };
}

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 });

it('is asked at every connection, and only what it may reach is connected to', async () => {
  const open = await listen(ALLOWED, 0);
  const canary = await listen(FORBIDDEN, open.port);
  const guard = new AddressGuard([rangeOf(ALLOWED) ?? ([] as never)]);
  const answers = [[ALLOWED], [FORBIDDEN], [FORBIDDEN, ALLOWED], [ALLOWED, FORBIDDEN], ['10.0.0.1'], [ALLOWED], []];
  let asked = 0;
  const agent = guardedAgent(guard, (_name, _options, answer) => {
    const now = answers[asked % answers.length] ?? [];
    asked += 1;
    answer(null, now.map(address));
  });
  const outcomes: (number | string)[] = [];
  for (let round = 0; round < answers.length * 3; round += 1) {
    const sent = request(`http://hook.example:${open.port}/`, { dispatcher: agent, method: 'POST', body: 'x' });
    const answered = sent.then(async ({ statusCode, body }) => {
      await body.dump();
      return statusCode;
    });
    outcomes.push(await answered.catch((error: unknown) => (error as Error).message));
  }
  await agent.destroy();
  const no = 'its address is not a public one';
  const each = [204, no, 204, 204, no, 204, 'its name has no address'];
  expect(outcomes).toEqual([...each, ...each, ...each]);
  expect([asked, open.connections(), canary.connections()]).toEqual([21, 12, 0]);
});
