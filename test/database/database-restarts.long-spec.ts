import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { type Cluster, openCluster } from '../../src/database/postgres-cluster.js';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Load, report } from '../support/load.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';
import { midAppend } from '../support/writers.js';

const RESTARTS = rounds('DATABASE_RESTARTS', 1);
/** Longer than streams are served without a check of their rights, in a long run. */
const AWAY_MS = rounds('DATABASE_AWAY_SECONDS', 2) * 1000;

let folder: string;
let cluster: Cluster;
let postgres: EmbeddedPostgres;
let home: Installation;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-restarts-'));
  chmodSync(folder, 0o755); // As root, PostgreSQL runs as another user, who must get in.
  postgres = await EmbeddedPostgres.start(folder);
  cluster = await openCluster(folder);
  home = await Installation.create({ DATABASE_URL: postgres.url, SOURCES: 'none' });
});
afterAll(async () => {
  await home.remove();
  await cluster.pgCtl('stop', '-m', 'immediate', '-w');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

it(
  `loses nothing and repeats nothing that was answered when PostgreSQL crashes (${RESTARTS} ×), and is away for a while`,
  async () => {
    const server = await home.start();
    const load = await Load.begin('restart', home, postgres.url);
    const { writers, followers } = load;
    await waitFor(() => followers.every(({ live }) => live), 'readers that are live');
    const recoveryMs: number[] = [];
    const crash = async (awayMs: number) => {
      await midAppend(writers);
      await cluster.pgCtl('stop', '-m', 'immediate', '-w');
      if (awayMs > 0) await setTimeout(awayMs); // The time is the fault.
      await cluster.pgCtl(
        'start',
        '-w',
        '-l',
        join(folder, 'postgres', 'restart.log'),
        '-o',
        `-p ${new URL(postgres.url).port}`,
      );
      const backAt = performance.now();
      const seen = followers.map((one) => one.seen.length);
      const answers = writers.answers;
      await waitFor(
        () => writers.answers > answers && followers.every((one, index) => one.seen.length > (seen[index] ?? 0)),
        'events at every reader again',
        longest(20_000),
      );
      recoveryMs.push(Math.round(performance.now() - backAt));
    };
    for (let restart = 0; restart < RESTARTS; restart++) await crash(0);
    await crash(AWAY_MS);
    await midAppend(writers);
    await load.end();
    report({ recoveryMs, connections: followers.map(({ connections }) => connections), writers, followers });
    expect([...writers.outcomes.keys()].filter((status) => ![200, 503].includes(status))).toEqual([]);
    expect(writers.outcomes.get(503)).toBeGreaterThan(0);
    for (const { goodbyes } of followers)
      for (const goodbye of goodbyes) expect(goodbye).toMatchObject({ type: '/problems/unavailable' });
    expect(server.alive).toBe(true);
  },
  longest(),
);
