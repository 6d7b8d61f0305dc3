/**
 * Load for fault tests: writers, and readers that come back with their last id. In the end what was answered, what the
 * log has and what the readers saw must be the same.
 */
import { query } from './database.js';
import { stopLater } from './leftovers.js';
import type { Installation } from './server-process.js';
import { StreamReader } from './stream-reader.js';
import { waitFor } from './wait-for.js';
import { Writers, retrying } from './writers.js';

const TENANTS = 3;

/** What a browser does: it reads, and when the connection ends it comes back with the last id. */
export class Follower {
  readonly seen: { readonly id: number; readonly text: unknown }[] = [];
  readonly statuses = new Set<number>();
  readonly goodbyes: object[] = [];
  readonly gaps: { readonly after: number; readonly resumeFrom: number }[] = [];
  connections = 0;
  live = false;
  private lastEventId = '0';
  private readonly stop = new AbortController();
  private readonly following: Promise<void>;
  private readonly finished = stopLater(() => this.finish());

  constructor(
    private readonly home: Installation,
    private readonly token: string,
  ) {
    this.following = this.follow();
    this.following.catch(() => undefined); // finish() tells it.
  }

  async finish(): Promise<void> {
    this.stop.abort();
    await this.following;
    this.finished();
  }

  private async follow(): Promise<void> {
    while (!this.stop.signal.aborted) {
      const { lastEventId, token, home } = this;
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
          if (type === 'log.gap') this.gaps.push(data as unknown as Follower['gaps'][number]);
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

/** An event as the log and its readers have it. */
export type Seen = Follower['seen'][number];

/**
 * Tenants with agents of their own, a follower of each at every process, and writers for all of them and for an agent
 * that nobody owns.
 */
export class Load {
  private constructor(
    private readonly homes: readonly Installation[],
    private readonly databaseUrl: string,
    private readonly tenants: readonly { readonly id: string; readonly token: string; readonly agents: string[] }[],
    private readonly unowned: string,
    readonly writers: Writers,
    readonly followers: readonly Follower[],
  ) {}

  /** `name` makes its tenants and agents its own; `others` are more processes on the same database. */
  static async begin(
    name: string,
    home: Installation,
    databaseUrl: string,
    others: readonly Installation[] = [],
  ): Promise<Load> {
    const homes = [home, ...others];
    const asAdmin = (method: string, path: string, body: object) =>
      call<{ token: string }>(home, method, path, home.read('admin-token'), body);
    const tenants = await Promise.all(
      Array.from({ length: TENANTS }, async (_, index) => {
        const id = `${name}-${index}`;
        const agents = [`mara-${id}`, `lucia-${id}`];
        await asAdmin('POST', '/v1/admin/tenants', { tenant: id });
        for (const agent of agents) await asAdmin('PUT', `/v1/admin/agents/${agent}/owner`, { tenant: id, from: null });
        const asked = { name: 'test', scopes: ['events:read'], ttl: '1h' };
        const { token } = await asAdmin('POST', `/v1/admin/tenants/${id}/tokens`, asked);
        return { id, token, agents };
      }),
    );
    const unowned = `nora-${name}`;
    const writers = new Writers(homes, home.read('admin-token'), [...tenants.flatMap(({ agents }) => agents), unowned]);
    const followers = tenants.flatMap(({ token }) => homes.map((one) => new Follower(one, token)));
    return new Load(homes, databaseUrl, tenants, unowned, writers, followers);
  }

  /** Lets everything come to an end, and compares what was answered with what the log and the readers have. */
  async end(): Promise<void> {
    for (const { agents, log, followers } of await this.settle()) {
      const answered = this.answeredFor(...agents);
      expect(log.map(({ id }) => id)).toEqual(Array.from({ length: answered.length }, (_, at) => at + 1));
      expect(log.map(({ text }) => text).sort()).toEqual(answered.sort());
      for (const { seen, gaps } of followers) expect({ seen, gaps }).toEqual({ seen: log, gaps: [] });
    }
    const unowned = await query<{ text: string }>(
      this.databaseUrl,
      `SELECT data::json->>'text' AS text FROM events WHERE agent = $1 AND tenant_id IS NULL`,
      [this.unowned],
    );
    expect(unowned.map(({ text }) => text).sort()).toEqual(this.answeredFor(this.unowned).sort());
    await expectWholePositions(this.databaseUrl);
  }

  /**
   * Lets everything come to an end. Resolves to what the log has of each tenant, once its followers have the last of
   * it.
   */
  async settle(): Promise<{ agents: readonly string[]; log: Seen[]; followers: readonly Follower[] }[]> {
    await this.writers.finish();
    const settled = [];
    for (const [index, { token, agents }] of this.tenants.entries()) {
      const log = await readLog(this.homes[0] as Installation, token);
      const count = this.homes.length;
      const followers = this.followers.slice(index * count, (index + 1) * count);
      const last = log.at(-1)?.id;
      for (const follower of followers) {
        await waitFor(() => follower.seen.at(-1)?.id === last, `the last event at a reader of ${agents.join()}`);
        await follower.finish();
      }
      settled.push({ agents, log, followers });
    }
    return settled;
  }

  private answeredFor(...agents: string[]): string[] {
    return this.writers.answered.filter(({ agent }) => agents.includes(agent)).map(({ text }) => text);
  }
}

async function readLog(home: Installation, token: string): Promise<{ id: number; text: unknown }[]> {
  const events: { id: number; text: unknown }[] = [];
  for (let after = '0', live = false; !live;) {
    const page = await call<{ events: { id: string; data: { text: string } }[]; next: string; live: boolean }>(
      home,
      'GET',
      `/v1/log?limit=1000&after=${after}`,
      token,
    );
    events.push(...page.events.map(({ id, data }) => ({ id: Number(id), text: data.text })));
    ({ next: after, live } = page);
  }
  return events;
}

async function expectWholePositions(databaseUrl: string): Promise<void> {
  const [row] = await query<{ count: number; first: number; last: number; head: number }>(
    databaseUrl,
    `SELECT count(DISTINCT position)::int AS count, min(position)::int AS first, max(position)::int AS last,
            (SELECT position::int FROM log_head) AS head FROM events`,
  );
  expect(row?.count).toBeGreaterThan(0);
  expect(row).toEqual({ count: row?.count, first: 1, last: row?.count, head: row?.count });
}

async function call<Body>(
  home: Installation,
  method: string,
  path: string,
  token: string,
  body?: unknown,
): Promise<Body> {
  const response = await fetch(`${home.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

/** Figures for whoever asks for them: TEST_LOG=1. */
export function report(what: { writers: Writers; followers: readonly Follower[] } & Record<string, unknown>): void {
  if (!process.env['TEST_LOG']) return;
  const { writers, followers, ...more } = what;
  const { answered, answers, duplicates, outcomes } = writers;
  const figures = { events: answered.length, answers, duplicates, outcomes: [...outcomes] };
  process.stderr.write(`${JSON.stringify({ ...figures, ...more, seen: followers.map(({ seen }) => seen.length) })}\n`);
}
