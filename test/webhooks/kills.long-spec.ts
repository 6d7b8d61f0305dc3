/**
 * Whatever is killed, an endpoint is sent everything: at least once, in order within each call, a repeat under the same
 * name.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createDatabase } from '../support/database.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';
import { type Delivery, WebhookReceiver, verify } from '../support/webhook-receiver.js';

const KILLS = rounds('WEBHOOK_KILLS', 4);
const CALLS = 4;
/**
 * Between two requests of the sender, each with an event for each call: it must not send faster than the endpoint takes,
 * or the kills would only ever find a backlog.
 */
const PACE_MS = 50;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

it(
  `loses nothing over ${KILLS} deaths of the process that sends, and keeps each call's order`,
  async () => {
    const receiver = await WebhookReceiver.start();
    cleanUps.push(() => receiver.stop());
    const database = await createDatabase();
    cleanUps.push(() => database.drop());
    const home = await Installation.create({
      DATABASE_URL: database.url,
      SOURCES: 'none',
      WEBHOOKS_ALLOW: '127.0.0.0/8',
      LIMIT_INGEST_PER_SECOND: '100000',
      LIMIT_REQUESTS_PER_SECOND: '100000',
    });
    cleanUps.push(() => home.remove());
    let server: ServerProcess = await home.start();
    const admin = home.read('admin-token');
    const ask = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
      const response = await fetch(`${home.url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as Body;
    };
    await ask('POST', '/v1/admin/tenants', { tenant: 'acme' });
    await ask('PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
    const hooks = '/v1/admin/tenants/acme/webhooks';
    const hook = await ask<{ id: string; secret: string }>('POST', hooks, { url: receiver.url });
    // One of thirty answers is a failure, and now and then nothing is answered for a while.
    let count = 0;
    // Verified as it comes: a signature is good for five minutes.
    const forged: string[] = [];
    const check = (delivery: Delivery) => {
      try {
        verify(delivery, hook.secret);
      } catch (error) {
        forged.push((error as Error).message);
      }
    };
    receiver.answer = async (delivery) => {
      check(delivery);
      count += 1;
      // So long that a kill may fall into it.
      if (count % 97 === 0) await new Promise((resolve) => setTimeout(resolve, 1200));
      return count % 30 === 0 ? 503 : 204;
    };
    let accepted = 0;
    let number = 0;
    const send = async () => {
      number += 1;
      const events = Array.from({ length: CALLS }, (_, call) => ({
        event: 'user.message',
        agent: 'mara',
        callId: `CA_${call}`,
        messageId: `m${number}`,
        text: `line ${number}`,
      }));
      const answer = await ask<{ accepted: number; rejected: unknown[] }>('POST', '/v1/ingest', events);
      accepted += answer.accepted;
    };
    for (let kill = 0; kill < KILLS; kill++) {
      // In the middle of the sending: something has arrived since the start, and then a moment that nobody has chosen.
      const before = receiver.deliveries.length;
      let least = Infinity;
      while (performance.now() < least) {
        await send();
        await pause(PACE_MS);
        if (least === Infinity && receiver.deliveries.length > before) least = performance.now() + ((kill * 137) % 400);
      }
      await server.kill9();
      server = await home.startAgain();
      if (kill % 10 === 9)
        process.stdout.write(`${kill + 1} of ${KILLS} kills, ${receiver.deliveries.length} requests\n`);
    }
    for (let more = 0; more < 5; more++) await send();
    const isDone = async () => {
      const { webhooks } = await ask<{ webhooks: { behind: number; waiting: number }[] }>('GET', hooks);
      return webhooks[0]?.behind === 0 && webhooks[0].waiting === 0;
    };
    receiver.answer = (delivery) => {
      check(delivery);
      return 204;
    };
    await waitFor(isDone, 'everything to be sent', longest(180_000));
    const log = await waitFor(async () => {
      const page = await ask<{ webhooks: { cursor: string }[] }>('GET', hooks);
      return Number(page.webhooks[0]?.cursor);
    }, 'the cursor');
    expect(forged).toEqual([]);
    const seen = new Map<string, Delivery>();
    for (const delivery of receiver.deliveries) {
      const known = seen.get(delivery.body.id);
      if (known) expect([delivery.id, delivery.text]).toEqual([known.id, known.text]);
      seen.set(delivery.body.id, delivery);
    }
    // What was answered for, and what was committed without an answer: the tenant's numbers, without holes.
    expect(log).toBeGreaterThanOrEqual(accepted);
    expect([...seen.keys()].map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: log }, (_, at) => at + 1));
    for (let call = 0; call < CALLS; call++) {
      const firsts = [...seen.values()].filter(({ body }) => body.data['callId'] === `CA_${call}`);
      const numbers = firsts.map(({ body }) => Number(body.id));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    const repeats = receiver.deliveries.length - seen.size;
    if (process.env['WEBHOOK_KILLS'] !== undefined)
      console.log(JSON.stringify({ kills: KILLS, events: seen.size, requests: receiver.deliveries.length, repeats }));
  },
  longest(),
);
