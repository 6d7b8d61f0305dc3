/**
 * When the process dies that reads for a tenant, another one goes on: it sends the endpoint its next event, and fires
 * the tenant's next rule.
 *
 * How long that takes is put together from src/readers/reader-shards.ts and src/bus/leases.ts. The lock of a killed
 * process is free at once, and the others look for free ones every 0.5 s (with jitter). Whoever gets one waits 2.5 s,
 * because a predecessor whose connection broke in silence may work on for so long. Then it loads the tenants' readers.
 * The calls whose silence counts are found by a look within one more second. That is 3 to 4 s, and the promise is 5 s.
 * The bound here is wider, because the machine may be slow; what was seen is printed. A silence that began before the
 * death takes as long as it is, if that is longer.
 */
import { createDatabase, query } from '../support/database.js';
import { HttpClient } from '../support/http-client.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const TAKEOVERS = rounds('TAKEOVERS', 2);
const BOUND_MS = 30_000;
/** Longer than it takes from an event to the cursor behind it. */
const SILENCE_SECONDS = 5;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Side {
  readonly home: Installation;
  server: ServerProcess;
  readonly client: HttpClient;
}

async function twoProcesses(databaseUrl: string): Promise<[Side, Side]> {
  const variables = { DATABASE_URL: databaseUrl, SOURCES: 'none', WEBHOOKS_ALLOW: '127.0.0.0/8' };
  const homes = [await Installation.create(variables), await Installation.create(variables)] as const;
  for (const home of homes) cleanUps.push(() => home.remove());
  const servers = [await homes[0].start(), await homes[1].start()] as const;
  const admin = homes[0].read('admin-token');
  const side = (at: 0 | 1) => ({ home: homes[at], server: servers[at], client: new HttpClient(homes[at].url, admin) });
  return [side(0), side(1)];
}

/** The shards are shared. */
async function areEven(databaseUrl: string): Promise<void> {
  const text = `SELECT count(*)::int AS count FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND a.application_name = 'switchboard-lease' AND a.datname = current_database() GROUP BY pid`;
  const even = async () => {
    const counts = await query<{ count: number }>(databaseUrl, text);
    return counts.length === 2 && counts.every(({ count }) => count >= 6);
  };
  await waitFor(even, 'both processes to read for some tenants');
}

/** How many events the rules' readers of this process have been through. */
async function readBy({ client }: Side): Promise<number> {
  const text = await client.ask<string>('GET', '/metrics');
  return Number(/^switchboard_reader_events_total\{kind="rules"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

it(
  `another process sends the next event and fires the next rule, over ${TAKEOVERS} deaths of the one that did`,
  async () => {
    const receiver = await WebhookReceiver.start();
    cleanUps.push(() => receiver.stop());
    const database = await createDatabase();
    cleanUps.push(() => database.drop());
    const sides = await twoProcesses(database.url);
    const { client } = sides[0];
    await client.ask('POST', '/v1/admin/tenants', { tenant: 'acme' });
    await client.ask('PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
    await client.ask('POST', '/v1/admin/tenants/acme/webhooks', { url: receiver.url });
    const rules = [
      { name: 'refund', when: { said: { by: 'caller', words: ['refund'] } }, once: 'each' },
      { name: 'quiet', when: { silence: { seconds: SILENCE_SECONDS, by: 'agent' } }, once: 'each' },
    ];
    for (const rule of rules) await client.ask('POST', '/v1/admin/tenants/acme/rules', rule);

    const say = (to: Side, callId: string, text: string) =>
      to.client.ask('POST', '/v1/ingest', [
        { event: 'user.message', agent: 'mara', callId, messageId: `${callId} ${text}`, text },
      ]);
    const sent = (callId: string, type: string) =>
      receiver.deliveries.find(({ body }) => body.data['callId'] === callId && body.type === type);
    const fired = async (callId: string, name: string) => {
      const text = `SELECT FROM events WHERE type = 'rule.fired' AND call_id = $1 AND data::json->>'name' = $2`;
      return (await query(database.url, text, [callId, name])).length;
    };
    /** The rules' reader is past all events of the call, so that who reads after it does not see them again. */
    const isRead = async (callId: string) => {
      const text = `SELECT FROM log_readers WHERE kind = 'rules' AND tenant_id = 'acme'
        AND cursor >= (SELECT max(seq) FROM events WHERE call_id = $1)`;
      return (await query(database.url, text, [callId])).length > 0;
    };
    const seen: Record<'sent' | 'fired' | 'silence', number>[] = [];
    for (let round = 0; round < TAKEOVERS; round++) {
      const [before, silent, after] = [`CA_before_${round}`, `CA_silent_${round}`, `CA_after_${round}`];
      await areEven(database.url);
      const counts = await Promise.all(sides.map(readBy));
      await say(sides[0], before, 'a refund');
      await waitFor(async () => sent(before, 'rule.fired') && (await fired(before, 'quiet')), 'the event before');
      const serves = (await readBy(sides[0])) > (counts[0] ?? 0) ? 0 : 1;
      const [dying, other] = [sides[serves], sides[1 - serves] as Side];
      await say(other, silent, 'hello?');
      await waitFor(() => isRead(silent), 'the silent call to be read');
      expect(await fired(silent, 'quiet')).toBe(0);
      const killedAt = performance.now();
      await dying.server.kill9();
      await say(other, after, 'a refund');
      const took = async (done: () => unknown, what: string) => {
        await waitFor(async () => await done(), what, BOUND_MS);
        return Math.round(performance.now() - killedAt);
      };
      const [sentMs, firedMs, silenceMs] = await Promise.all([
        took(() => sent(after, 'user.message'), 'the next event to be sent'),
        took(() => fired(after, 'refund'), 'the next rule to fire'),
        took(() => fired(silent, 'quiet'), 'the silence'),
      ]);
      seen.push({ sent: sentMs, fired: firedMs, silence: silenceMs });
      for (const ms of [sentMs, firedMs, silenceMs]) expect(ms).toBeLessThan(BOUND_MS);
      await waitFor(() => sent(after, 'rule.fired'), 'what the rule says');
      dying.server = await dying.home.startAgain();
    }
    const must = Array.from({ length: TAKEOVERS }, (_, round) => [
      ...['before', 'silent', 'after'].map((name) => `CA_${name}_${round} quiet`),
      ...['before', 'after'].map((name) => `CA_${name}_${round} refund`),
    ]).flat();
    const logged = () =>
      query<{ seq: number; type: string; call: string; data: string }>(
        database.url,
        `SELECT seq::int, type, call_id AS call, data FROM events WHERE tenant_id = 'acme' ORDER BY seq`,
      );
    const firings = async () => (await logged()).filter(({ type }) => type === 'rule.fired');
    await waitFor(async () => (await firings()).length >= must.length, 'every silence');
    const all = (await logged()).map(({ seq }) => seq);
    expect(all).toEqual(all.map((_, at) => at + 1));
    await waitFor(() => all.every((seq) => receiver.ids.includes(seq)), 'every event at the endpoint');
    const said = (await firings()).map(({ call, data }) => `${call} ${(JSON.parse(data) as { name: string }).name}`);
    expect(said.sort()).toEqual(must.sort());
    console.log(JSON.stringify({ takeovers: seen }));
  },
  longest(300_000),
);
