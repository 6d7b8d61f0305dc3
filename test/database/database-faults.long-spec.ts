/**
 * A fault of the database is never an event's (security rule 25): whatever it is, ingest says 503, brokers' messages
 * stay theirs, /readyz says why; and when it is mended everything is stored, once and in order.
 */
// Loaded here: the runner's loader can't take two at a time, as the server asks for them.
import '../../src/sources/broker/nats.source.js';
import '../../src/sources/broker/redis.source.js';
import { Broker, withBroker } from '../support/brokers.js';
import { Metrics } from '../support/metrics.js';
import { type Publisher, jetStreamPublisher, redisStreamPublisher } from '../support/publishers.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { TroubledDatabase } from '../support/troubled-database.js';
import { waitFor } from '../support/wait-for.js';

const METRICS_TOKEN = 'a-token-for-metrics';
const A_FEW = 3;

interface Ready {
  readonly status: string;
  readonly database: { readonly state: string; readonly reason?: string };
}

let database: TroubledDatabase;
let board: Switchboard;
const brokers: Broker[] = [];
const publishers: Publisher[] = [];
beforeAll(async () => {
  database = await TroubledDatabase.create();
  for (const kind of ['redis', 'nats'] as const) {
    if (!withBroker(kind)) continue;
    const broker = await Broker.start(kind);
    brokers.push(broker);
    publishers.push(await (kind === 'nats' ? jetStreamPublisher : redisStreamPublisher)(broker));
  }
  const SOURCES = brokers
    .map(({ kind, url }) => url + (kind === 'nats' ? '/agents.events' : '/agents?group=sw'))
    .join();
  board = await Switchboard.start({ DATABASE_URL: database.url, SOURCES: SOURCES || 'none', METRICS_TOKEN });
});
afterAll(async () => {
  for (const publisher of publishers) await publisher.close();
  await board.stop();
  for (const broker of brokers) await broker.stop();
  await database.drop();
});

const note = (agent: string, n: number) => ({ event: 'note.added', agent, callId: `c-${agent}`, n });
const notes = (agent: string) => Array.from({ length: A_FEW }, (_, n) => note(agent, n));
const readiness = async () => (await board.request('GET', '/readyz')) as unknown as { status: number; body: Ready };
const isReady = async () => (await readiness()).body.status === 'ready';
const owed = async () => Promise.all(publishers.map((publisher) => publisher.owed()));
const stored = async (agent: string) =>
  (
    await database.run(`SELECT (data::json->>'n')::int AS n FROM events WHERE agent = '${agent}' ORDER BY position`)
  ).map(({ n }) => n);

interface Fault {
  readonly what: string;
  /** As /readyz has it. */
  readonly reason: RegExp;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

const raised = (code: string, reason: RegExp): Fault => ({
  what: `SQLSTATE ${code}`,
  reason,
  begin: () => database.raiseOnInsert(code),
  end: () => database.raiseOnInsert(undefined),
});
/** What concerns new connections only is tried by ending the old ones. */
const atConnect = (what: string, reason: RegExp, set: (isBroken: boolean) => unknown): Fault => ({
  what,
  reason,
  begin: async () => {
    await set(true);
    database.disconnect();
  },
  end: async () => {
    await set(false);
    database.disconnect();
  },
});

const FAULTS: readonly Fault[] = [
  atConnect('a server that is read-only', /^read-only/, (isBroken) => {
    const change = isBroken ? 'SET default_transaction_read_only = on' : 'RESET default_transaction_read_only';
    return database.runBeside(`ALTER DATABASE ${database.name} ${change}`);
  }),
  atConnect('a password that was changed', /^login refused/, (isBroken) =>
    database.runBeside(`ALTER ROLE ${database.role} PASSWORD '${isBroken ? 'another' : 'right'}'`),
  ),
  atConnect('a database that is gone', /^something missing/, (isBroken) => {
    const [from, to] = [database.name, `${database.name}_gone`];
    database.disconnect();
    const text = isBroken ? `ALTER DATABASE ${from} RENAME TO ${to}` : `ALTER DATABASE ${to} RENAME TO ${from}`;
    return waitFor(() => database.runBeside(text).catch(() => undefined), 'a database that nobody uses');
  }),
  {
    what: 'a table that is missing',
    reason: /^something missing/,
    begin: () => database.run('ALTER TABLE log_events RENAME TO events_gone'),
    end: () => database.run('ALTER TABLE events_gone RENAME TO log_events'),
  },
  {
    what: 'a right that was taken away',
    reason: /^right missing/,
    begin: () => database.run(`REVOKE INSERT ON log_events FROM ${database.role}`),
    end: () => database.run(`GRANT INSERT ON log_events TO ${database.role}`),
  },
  atConnect('a name that does not resolve', /^name not resolved/, (isBroken) => (database.isResolved = !isBroken)),
  atConnect('a certificate that has expired', /^certificate refused/, (isBroken) => (database.isExpired = isBroken)),
  atConnect('too many connections', /^too busy/, (isBroken) =>
    database.runBeside(`ALTER ROLE ${database.role} CONNECTION LIMIT ${isBroken ? 0 : -1}`),
  ),
  raised('53100', /^disk full/),
  raised('XX000', /^internal error/),
  raised('42601', /^other/),
  raised('23503', /^other/),
];

/** How often ingest refused something, whoever brought it in. */
const refusals = async () =>
  (await Metrics.of(board, METRICS_TOKEN)).count('switchboard_events_in_total', { outcome: 'refused' });

const send = (agent: string) =>
  board.request<{ type?: string }>('POST', '/v1/ingest', {
    token: board.adminToken,
    headers: { 'Idempotency-Key': agent },
    body: notes(agent),
  });

async function whileBroken(agent: string, readers: readonly string[], reason: RegExp): Promise<void> {
  for (const [index, publisher] of publishers.entries())
    for (const one of notes(readers[index] ?? '')) await publisher.publish(JSON.stringify(one));
  const answer = await send(agent);
  expect([answer.status, answer.body.type]).toEqual([503, '/problems/unavailable']);
  const said = await waitFor(async () => {
    const ready = await readiness();
    return ready.body.status === 'degraded' && ready;
  }, 'a process that is not ready');
  expect(said).toMatchObject({ status: 200, body: { database: { state: 'away' } } });
  expect(said.body.database.reason).toMatch(reason);
  expect((await send(agent)).status).toBe(503);
  expect(await owed()).toEqual(publishers.map(() => A_FEW));
}

it.each(FAULTS)('$what', async ({ reason, begin, end }) => {
  const [agent, ...readers] = [fresh('mara'), ...publishers.map(() => fresh('mara'))];
  await board.ingest(note(agent, -1));
  const before = await refusals();
  await begin();
  await whileBroken(agent, readers, reason).finally(end);
  await waitFor(async () => (await send(agent)).status === 200, 'an answer');
  await waitFor(async () => (await owed()).every((count) => count === 0), 'acknowledgements');
  await waitFor(isReady, 'a process that is ready');
  const [first, ...others] = await Promise.all([agent, ...readers].map(stored));
  expect(first).toEqual([-1, 0, 1, 2]);
  for (const other of others) expect(other).toEqual([0, 1, 2]);
  expect(await refusals()).toBe(before);
});
