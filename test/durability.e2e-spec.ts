import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createDatabase, query } from './support/database.js';
import { longest, rounds } from './support/rounds.js';
import { Installation } from './support/server-process.js';
import { StreamReader } from './support/stream-reader.js';
import { waitFor } from './support/wait-for.js';

const KILLS = rounds('GATEWAY_KILLS', 8);
const WRITERS = 4;
const TENANTS = 3;

let home: Installation;
let database: { url: string; drop(): Promise<void> };
beforeAll(async () => {
  database = await createDatabase();
  home = await Installation.create({ DATABASE_URL: database.url, SOURCES: 'none' });
});
afterAll(async () => {
  await home.remove();
  await database.drop();
});

const adminToken = () => home.read('admin-token');

async function call<Body>(method: string, path: string, token: string, body?: unknown): Promise<Body> {
  const response = await fetch(`${home.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

/** As a client does that means to come through: until it is something, with a pause in between that spares the machine. */
async function retrying<T>(work: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + 60_000; ;) {
    const result = await work();
    if (result) return result;
    if (Date.now() > deadline) throw new Error('a client has tried for a minute in vain');
    await setTimeout(50);
  }
}

interface NumberedEvent {
  readonly event: 'user.message';
  readonly agent: string;
  readonly callId: string;
  readonly messageId: string;
  readonly text: string;
}

/** What a client of ingest does that wants nothing lost: it numbers its events and sends a batch again until it is answered. */
class Writers {
  readonly answered: NumberedEvent[] = [];
  /** How requests ended: a status, or 0 for a connection that was cut or refused. */
  readonly outcomes = new Map<number, number>();
  answers = 0;
  /** Sent again, and found to be in the log already: the kill fell between commit and answer. */
  duplicates = 0;
  inFlight = 0;
  private next = 0;
  private stopped = false;
  private readonly working: Promise<void>[];

  constructor(private readonly agents: readonly string[]) {
    this.working = Array.from({ length: WRITERS }, () => this.work());
  }

  /** Resolves when everything that was begun has been answered. */
  async finish(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.working);
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      const batch = this.batch();
      await retrying(() => this.post(batch));
      this.answered.push(...batch);
      this.answers += 1;
    }
  }

  private batch(): NumberedEvent[] {
    const size = randomInt(10) === 0 ? randomInt(100, 400) : randomInt(1, 30);
    return Array.from({ length: size }, () => {
      const number = this.next++;
      const agent = this.agents[randomInt(this.agents.length)] ?? '';
      const callId = `call-${number % 17}-${agent}`;
      return { event: 'user.message', agent, callId, messageId: `m${number}`, text: `text ${number}` };
    });
  }

  private async post(batch: readonly NumberedEvent[]): Promise<boolean> {
    this.inFlight += 1;
    try {
      const response = await fetch(`${home.url}/v1/ingest`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${adminToken()}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(batch),
        signal: AbortSignal.timeout(20_000),
      });
      const body = (await response.json()) as { accepted: number; duplicates: number; rejected: unknown[] };
      this.count(response.status);
      if (response.status !== 200) return false;
      expect(body).toMatchObject({ rejected: [] });
      expect(body.accepted + body.duplicates).toBe(batch.length);
      this.duplicates += body.duplicates;
      return true;
    } catch (error) {
      if ((error as Error).name !== 'TypeError') throw error; // What fetch calls a connection that was refused or broke.
      this.count(0);
      return false;
    } finally {
      this.inFlight -= 1;
    }
  }

  private count(outcome: number): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

/** What a browser does: it reads, and when the connection ends it comes back with the last id. */
class Follower {
  readonly seen: { readonly id: number; readonly text: unknown }[] = [];
  readonly statuses = new Set<number>();
  readonly goodbyes: object[] = [];
  connections = 0;
  live = false;
  private lastEventId = '0';
  private readonly stop = new AbortController();
  private readonly following: Promise<void>;

  constructor(private readonly token: string) {
    this.following = this.follow();
  }

  async finish(): Promise<void> {
    this.stop.abort();
    await this.following;
  }

  private async follow(): Promise<void> {
    while (!this.stop.signal.aborted) {
      const { lastEventId, token } = this;
      const reader = await retrying(() =>
        StreamReader.open(`${home.url}/v1/events`, { token, lastEventId }).catch(() => undefined),
      );
      this.connections += 1;
      this.statuses.add(reader.status);
      let taken = 0;
      const take = () => {
        const fresh = reader.frames.slice(taken);
        taken += fresh.length;
        for (const { type, id, data } of fresh) {
          if (type === 'log.gap') throw new Error(`a gap: ${JSON.stringify(data)}`);
          if (type === 'log.caught_up') this.live = true;
          if (type === 'stream.closing') this.goodbyes.push(data);
          if (type === 'user.message') this.seen.push({ id: Number(id), text: data['text'] });
          this.lastEventId = id ?? this.lastEventId;
        }
        return reader.ended || this.stop.signal.aborted;
      };
      await waitFor(take, 'the end of the stream', 180_000);
      reader.close();
    }
  }
}

/** Tenants with agents of their own, a follower each, and writers for all of them and for an agent that nobody owns. */
class Load {
  private constructor(
    private readonly tenants: readonly { readonly id: string; readonly token: string; readonly agents: string[] }[],
    private readonly unowned: string,
    readonly writers: Writers,
    readonly followers: readonly Follower[],
  ) {}

  static async begin(name: string): Promise<Load> {
    const tenants = await Promise.all(
      Array.from({ length: TENANTS }, async (_, index) => {
        const id = `${name}-${index}`;
        const agents = [`mara-${id}`, `lucia-${id}`];
        await call('POST', '/v1/admin/tenants', adminToken(), { tenant: id });
        for (const agent of agents)
          await call('PUT', `/v1/admin/agents/${agent}/owner`, adminToken(), { tenant: id, from: null });
        const asked = { name: 'test', scopes: ['events:read'], ttl: '1h' };
        const { token } = await call<{ token: string }>('POST', `/v1/admin/tenants/${id}/tokens`, adminToken(), asked);
        return { id, token, agents };
      }),
    );
    const unowned = `nora-${name}`;
    const writers = new Writers([...tenants.flatMap(({ agents }) => agents), unowned]);
    const followers = tenants.map(({ token }) => new Follower(token));
    return new Load(tenants, unowned, writers, followers);
  }

  /** Lets everything come to an end, and compares what was answered with what the log and the readers have. */
  async end(): Promise<void> {
    await this.writers.finish();
    for (const [index, tenant] of this.tenants.entries()) {
      const answered = this.answeredFor(...tenant.agents);
      const follower = this.followers[index] as Follower;
      await waitFor(() => follower.seen.length >= answered.length, `all events at the reader of ${tenant.id}`);
      await follower.finish();
      const log = await readLog(tenant.token);
      expect(log.map(({ id }) => id)).toEqual(Array.from({ length: answered.length }, (_, at) => at + 1));
      expect(log.map(({ text }) => text).sort()).toEqual(answered.sort());
      expect(follower.seen).toEqual(log);
    }
    const unowned = await query<{ text: string }>(
      database.url,
      `SELECT data::json->>'text' AS text FROM events WHERE agent = $1 AND tenant_id IS NULL`,
      [this.unowned],
    );
    expect(unowned.map(({ text }) => text).sort()).toEqual(this.answeredFor(this.unowned).sort());
    await expectWholePositions();
  }

  private answeredFor(...agents: string[]): string[] {
    return this.writers.answered.filter(({ agent }) => agents.includes(agent)).map(({ text }) => text);
  }
}

async function readLog(token: string): Promise<{ id: number; text: unknown }[]> {
  const events: { id: number; text: unknown }[] = [];
  for (let after = '0', live = false; !live;) {
    const page = await call<{ events: { id: string; data: { text: string } }[]; next: string; live: boolean }>(
      'GET',
      `/v1/log?limit=1000&after=${after}`,
      token,
    );
    events.push(...page.events.map(({ id, data }) => ({ id: Number(id), text: data.text })));
    ({ next: after, live } = page);
  }
  return events;
}

async function expectWholePositions(): Promise<void> {
  const [row] = await query<{ count: number; first: number; last: number; head: number }>(
    database.url,
    `SELECT count(DISTINCT position)::int AS count, min(position)::int AS first, max(position)::int AS last,
            (SELECT position::int FROM log_head) AS head FROM events`,
  );
  expect(row?.count).toBeGreaterThan(0);
  expect(row).toEqual({ count: row?.count, first: 1, last: row?.count, head: row?.count });
}

/** Until the writers have been answered so often again, and then a moment that nobody has chosen. */
async function midAppend(writers: Writers): Promise<void> {
  const target = writers.answers + randomInt(1, 12);
  await waitFor(() => writers.answers >= target && writers.inFlight > 0, 'answers', 30_000);
  await setTimeout(randomInt(12));
}

it(
  `loses nothing and repeats nothing that was answered when the server is killed ${KILLS} times in mid-append`,
  async () => {
    let server = await home.start();
    const load = await Load.begin('kill');
    const readyMs: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await midAppend(load.writers);
      expect(load.writers.inFlight).toBeGreaterThan(0);
      expect(await server.kill9()).toMatchObject({ signal: 'SIGKILL' });
      server = await home.start();
      readyMs.push(server.readyMs);
    }
    await midAppend(load.writers);
    await load.end();
    const { writers, followers } = load;
    report({ readyMs, writers, followers });
    expect(writers.outcomes.get(0)).toBeGreaterThanOrEqual(KILLS);
    expect(writers.duplicates).toBeGreaterThan(0); // Or no kill fell between a commit and its answer.
    expect([...writers.outcomes.keys()].filter((status) => ![0, 200].includes(status))).toEqual([]);
    for (const { connections, statuses } of followers) {
      expect(connections).toBeGreaterThan(KILLS / 2);
      expect([...statuses]).toEqual([200]);
    }
  },
  longest(150_000),
);

it('goes on without a restart when the database ends all its connections', async () => {
  const server = await home.running();
  const load = await Load.begin('terminate');
  await waitFor(() => load.followers.every(({ live }) => live), 'readers that are live');
  let ended = 0;
  for (let round = 0; round < 10; round++) {
    await midAppend(load.writers);
    const connections = await query(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    ended += connections.length;
  }
  await midAppend(load.writers);
  await load.end();
  const { writers, followers } = load;
  report({ readyMs: [], writers, followers });
  expect([...writers.outcomes.keys()].filter((status) => ![200, 503].includes(status))).toEqual([]);
  expect(writers.outcomes.get(503)).toBeGreaterThan(0);
  for (const { connections, goodbyes } of followers)
    expect({ connections, goodbyes }).toEqual({ connections: 1, goodbyes: [] });
  expect(ended).toBeGreaterThan(20);
  expect(server.alive).toBe(true);
}, 60_000);

/** Figures for whoever asks for them: TEST_LOG=1. */
function report(what: { readyMs: number[]; writers: Writers; followers: readonly Follower[] }): void {
  if (!process.env['TEST_LOG']) return;
  const { answered, answers, duplicates, outcomes } = what.writers;
  const figures = { events: answered.length, answers, duplicates, outcomes: [...outcomes] };
  process.stderr.write(
    `${JSON.stringify({ ...figures, readyMs: what.readyMs.map(Math.round), seen: what.followers.map(({ seen }) => seen.length) })}\n`,
  );
}
