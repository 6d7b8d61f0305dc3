import { createDatabase, query } from '../support/database.js';
import { Load, report } from '../support/load.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';
import { midAppend } from '../support/writers.js';

const KILLS = rounds('GATEWAY_KILLS', 4);

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

it(
  `loses nothing and repeats nothing that was answered when the server is killed ${KILLS} times in mid-append`,
  async () => {
    let server = await home.start();
    const load = await Load.begin('kill', home, database.url);
    const readyMs: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await midAppend(load.writers);
      expect(load.writers.inFlight).toBeGreaterThan(0);
      expect(await server.kill9()).toMatchObject({ signal: 'SIGKILL' });
      const connections = load.followers.map((follower) => follower.connections);
      server = await home.start();
      readyMs.push(server.readyMs);
      // Every other time the readers come back first; else the next kill may find them on their way.
      const back = () => load.followers.every((follower, index) => follower.connections > (connections[index] ?? 0));
      if (kill % 2 === 0) await waitFor(back, 'the readers back');
    }
    await midAppend(load.writers);
    await load.end();
    const { writers, followers } = load;
    report({ readyMs: readyMs.map(Math.round), writers, followers });
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
  const load = await Load.begin('terminate', home, database.url);
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
  report({ writers, followers });
  expect([...writers.outcomes.keys()].filter((status) => ![200, 503].includes(status))).toEqual([]);
  expect(writers.outcomes.get(503)).toBeGreaterThan(0);
  for (const { connections, goodbyes } of followers)
    expect({ connections, goodbyes }).toEqual({ connections: 1, goodbyes: [] });
  expect(ended).toBeGreaterThan(20);
  expect(server.alive).toBe(true);
});
