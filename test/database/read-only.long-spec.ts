/**
 * A database that takes nothing in for a while, as after a failover or on a full disk, under load, two processes:
 * ingest says 503, streams stay open, and nothing is lost or doubled (promise 2, security rule 25).
 */
import { createDatabase, query } from '../support/database.js';
import { Load, report } from '../support/load.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';
import { midAppend } from '../support/writers.js';

const READ_ONLY = rounds('READ_ONLY', 2);

it(
  `loses nothing and repeats nothing when the database is read-only ${READ_ONLY} times`,
  async () => {
    const database = await createDatabase();
    const name = new URL(database.url).pathname.slice(1);
    /** Also for the connections that are open: they end, and the next ones find it so. */
    const setReadOnly = async (isReadOnly: boolean) => {
      const server = new URL(database.url);
      server.pathname = '/postgres';
      await query(
        server.href,
        `ALTER DATABASE ${name} SET default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`,
      );
      await query(
        server.href,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND backend_type = 'client backend'`,
      );
    };
    const variables = { DATABASE_URL: database.url, SOURCES: 'none' };
    const one = await Installation.create(variables);
    const two = await Installation.create({ ...variables, DATA_DIR: one.dataDir });
    try {
      const servers = [await one.start(), await two.start()];
      const load = await Load.begin('readonly', one, database.url, [two]);
      const { writers, followers } = load;
      await waitFor(() => followers.every(({ live }) => live), 'readers that are live');
      const recoveryMs: number[] = [];
      for (let round = 0; round < READ_ONLY; round++) {
        await midAppend(writers);
        const refused = writers.outcomes.get(503) ?? 0;
        await setReadOnly(true);
        await waitFor(() => (writers.outcomes.get(503) ?? 0) > refused + 4, 'writers that are told to come again');
        await setReadOnly(false);
        const backAt = performance.now();
        const answers = writers.answers;
        await waitFor(() => writers.answers > answers, 'an answer');
        recoveryMs.push(Math.round(performance.now() - backAt));
      }
      await midAppend(writers);
      await load.end();
      report({ recoveryMs, connections: followers.map(({ connections }) => connections), writers, followers });
      expect([...writers.outcomes.keys()].filter((status) => ![200, 503].includes(status))).toEqual([]);
      for (const { connections, goodbyes } of followers)
        expect({ connections, goodbyes }).toEqual({ connections: 1, goodbyes: [] });
      expect(servers.map(({ alive }) => alive)).toEqual([true, true]);
    } finally {
      await two.stopped();
      await one.remove();
      await two.remove();
      await database.drop();
    }
  },
  longest(),
);
