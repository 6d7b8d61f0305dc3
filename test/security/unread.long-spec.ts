/** Security rules 16 and 24 for answers that nobody reads: bounded for each tenant, and cut. */
import { RawClient } from '../support/raw-client.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
});
afterAll(() => board.stop());

it('answers that a tenant does not read are bounded, cost nobody else, and are cut', async () => {
  const agent = fresh('mara');
  const [acme, globex] = [
    await board.createTenant({ agents: [agent] }),
    await board.createTenant({ agents: [fresh('sol')] }),
  ];
  const text = 'x'.repeat(60_000);
  const event = (n: number) => ({ event: 'user.message', agent, callId: agent, messageId: `m${n}`, text });
  for (let n = 0; n < 80; n += 20) await board.ingest(...Array.from({ length: 20 }, (_, index) => event(n + index)));
  const head = RawClient.head('GET', '/v1/log?limit=1000', { Authorization: `Bearer ${acme.token}` });
  const log = () => board.request('GET', '/v1/log?limit=1000', { token: acme.token });
  expect((await log()).text.length).toBeGreaterThan(3_000_000);
  const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(board.url)));
  for (const client of clients) {
    client.socket.pause();
    client.send(head);
  }
  const held = async () => {
    const metrics = await board.request('GET', '/metrics', { token: board.adminToken });
    return Number(/^switchboard_answers_pending_bytes (\d+)/m.exec(metrics.text)?.[1]);
  };
  await waitFor(async () => (await log()).status === 429, 'a refusal');
  expect(await held()).toBeLessThan(25_000_000);
  expect((await board.request('GET', '/v1/log', { token: globex.token })).status).toBe(200);
  await waitFor(async () => (await held()) === 0, 'the unread to be cut', 60_000);
  expect((await log()).status).toBe(200);
  for (const client of clients) client.reset();
});
