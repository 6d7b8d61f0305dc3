import { goodbyeTimes } from '../../src/events/streams/open-streams.js';
import { createDatabase } from '../support/database.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { retrying } from '../support/writers.js';

const READERS = rounds('ROLLING_READERS', 40);
const RESTARTS = rounds('ROLLING_RESTARTS', 1);

it('goodbyes are spread evenly, over as long as their number asks for, within the bound', () => {
  expect(goodbyeTimes(0, 10_000)).toEqual([]);
  expect(goodbyeTimes(1, 10_000)).toEqual([0]);
  const times = goodbyeTimes(501, 10_000);
  expect([times[0], times[250], times[500]]).toEqual([0, 1250, 2500]);
  expect(Math.max(...goodbyeTimes(100_000, 10_000))).toBe(10_000);
});

/** Reads from whichever process takes it, and comes back where it was, when it was asked to. */
class Follower {
  readonly numbers: number[] = [];
  readonly connectedAt: number[] = [];
  readonly retries: unknown[] = [];
  /** From the end of a stream to the next one. */
  readonly awayMs: number[] = [];
  private reader: StreamReader | undefined;
  private readonly stop = new AbortController();
  private readonly following: Promise<void>;

  constructor(
    private readonly urls: readonly string[],
    private readonly token: string,
    private turn: number,
  ) {
    this.following = this.follow();
  }

  /** True when the stream that is open has brought the message of that number. */
  has(number: number): boolean {
    return this.reader?.of('user.message').some(({ data }) => data['messageId'] === `m${number}`) ?? false;
  }

  async finish(): Promise<void> {
    this.stop.abort();
    await this.following;
  }

  private nextUrl(): string {
    return `${this.urls[this.turn++ % this.urls.length] ?? ''}/v1/events`;
  }

  private async follow(): Promise<void> {
    let endedAt: number | undefined;
    for (let lastEventId = '0'; !this.stop.signal.aborted;) {
      const options = { token: this.token, lastEventId };
      const reader = await retrying(() => StreamReader.open(this.nextUrl(), options).catch(() => undefined));
      this.reader = reader;
      this.connectedAt.push(Date.now());
      if (endedAt !== undefined) this.awayMs.push(Date.now() - endedAt);
      await waitFor(() => reader.ended || this.stop.signal.aborted, 'the end', 120_000);
      endedAt = Date.now();
      for (const { type, id, data } of reader.frames) {
        if (type === 'log.gap') throw new Error('a gap');
        if (type === 'user.message') this.numbers.push(Number(String(data['messageId']).slice(1)));
        if (type === 'stream.closing') this.retries.push(data['retry']);
        lastEventId = id ?? lastEventId;
      }
      reader.close();
      // It is back when it was told to be, as a browser is: that time is what spreads the readers.
      const retry = Number(reader.of('stream.closing')[0]?.data['retry'] ?? 0);
      if (!this.stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, retry));
    }
  }
}

it(
  'two processes are replaced one after the other under their readers: nothing is lost or repeated',
  async () => {
    const database = await createDatabase();
    const variables = { DATABASE_URL: database.url, SOURCES: 'none', PUBLIC_URL: 'http://switchboard.test' };
    const homes = await Promise.all([0, 1].map(() => Installation.create(variables)));
    const servers: ServerProcess[] = [];
    for (const home of homes) servers.push(await home.start());
    const admin = homes[0]?.read('admin-token') ?? '';
    const ask = async (home: Installation | undefined, method: string, path: string, body: unknown) => {
      const headers = { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' };
      const answer = await fetch(`${home?.url}${path}`, { method, headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return (await answer.json()) as { token: string };
    };
    await ask(homes[0], 'POST', '/v1/admin/tenants', { tenant: 'acme' });
    await ask(homes[0], 'PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
    const asked = { name: 'test', scopes: ['events:read'], ttl: '1h' };
    const { token } = await ask(homes[0], 'POST', '/v1/admin/tenants/acme/tokens', asked);
    const urls = homes.map(({ url }) => url);
    const followers = Array.from({ length: READERS }, (_, index) => new Follower(urls, token, index));
    await waitFor(() => followers.every(({ connectedAt }) => connectedAt.length === 1), 'the readers');
    let sent = 0;
    let isOver = false;
    const writing = (async () => {
      for (let turn = 0; !isOver; turn++) {
        const number = sent; // Said again to the other process when this one is gone: it is recognised.
        const taken = await ask(homes[turn % 2], 'POST', '/v1/ingest', message('mara', `c${number % 3}`, number)).catch(
          () => undefined,
        );
        if (taken) sent += 1;
      }
    })();
    const turns = Array.from({ length: RESTARTS }, () => [...homes.entries()]).flat();
    for (const [index, home] of turns) {
      const before = sent;
      await waitFor(() => sent > before + 10, 'events');
      const leaving = servers[index] as ServerProcess;
      const statuses = new Set<number>();
      leaving.signal('SIGTERM');
      while (leaving.alive)
        statuses.add(
          await fetch(`${home.url}/readyz`).then(
            (one) => one.status,
            () => 0,
          ),
        );
      expect(statuses).toContain(503);
      expect(await leaving.exited).toMatchObject({ code: 0 });
      servers[index] = await home.start();
    }
    isOver = true;
    await writing;
    await waitFor(() => followers.every(({ connectedAt }) => connectedAt.length > 1), 'every reader to have moved');
    await ask(homes[0], 'POST', '/v1/ingest', message('mara', 'last', sent++));
    // What somebody would get twice stands before it.
    await waitFor(() => followers.every((follower) => follower.has(sent - 1)), 'the last one at every reader');
    for (const follower of followers) await follower.finish();
    report(followers);
    const expected = Array.from({ length: sent }, (_, n) => n);
    for (const { numbers, retries } of followers) {
      expect(numbers).toEqual(expected);
      for (const retry of retries) expect(Math.abs(Number(retry) - 1000)).toBeLessThanOrEqual(200);
    }
    expect(new Set(followers.flatMap(({ retries }) => retries)).size).toBeGreaterThan(10);
    for (const home of homes) await home.remove();
    await database.drop();
  },
  longest(),
);

/** Figures for whoever asks for them: TEST_LOG=1. */
function report(followers: readonly Follower[]): void {
  if (!process.env['TEST_LOG']) return;
  const away = followers.flatMap(({ awayMs }) => awayMs).sort((one, other) => one - other);
  const returns = followers.flatMap(({ connectedAt }) => connectedAt.slice(1)).sort((one, other) => one - other);
  const waves: number[][] = [];
  for (const at of returns) {
    const wave = waves.at(-1);
    if (wave && at - (wave.at(-1) ?? 0) < 1000) wave.push(at);
    else waves.push([at]);
  }
  const peakToMean = waves
    .filter((wave) => wave.length > 50)
    .map((wave) => {
      const peak = Math.max(...wave.map((from) => wave.filter((at) => at >= from && at < from + 1000).length));
      const seconds = Math.max(1, ((wave.at(-1) ?? 0) - (wave[0] ?? 0)) / 1000);
      return peak / (wave.length / seconds);
    });
  const figures = {
    returns: away.length,
    awayP50Ms: away[Math.floor(away.length / 2)],
    awayP99Ms: away[Math.floor(away.length * 0.99)],
    waves: peakToMean.length,
    connectsPeakToMean: Number(Math.max(...peakToMean).toFixed(2)),
  };
  process.stderr.write(`${JSON.stringify(figures)}\n`);
}
