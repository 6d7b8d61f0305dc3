import { SourceSupervisor } from '../../src/sources/source-supervisor.js';
import { AgentProcess } from '../support/agent-process.js';
import { createDatabase, query } from '../support/database.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { Switchboard } from '../support/switchboard.js';
import { API_KEY, VoiceServer } from '../support/voice-server.js';
import { waitFor } from '../support/wait-for.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const statesOf = (board: Switchboard) => board.app.get(SourceSupervisor).status.map(({ state }) => state);

async function twoBoards(sources: string): Promise<[Switchboard, Switchboard]> {
  const one = await Switchboard.start({ SOURCES: sources });
  cleanUps.push(() => one.stop());
  await waitFor(() => statesOf(one).every((state) => state === 'live'), 'the leader');
  const two = await one.beside({ SOURCES: sources });
  cleanUps.push(() => two.stop());
  await waitFor(() => statesOf(two).every((state) => state === 'standby'), 'the one that stands by');
  return [one, two];
}

it('a source that must run once runs on one process; when that stops, the other takes over at once', async () => {
  const agents = await AgentProcess.start();
  cleanUps.push(() => agents.stop());
  const [one, two] = await twoBoards(`${agents.sseEntry},simulator:?rate=1&seed=1`);
  expect(agents.accepted).toBe(1);
  expect((await two.request('GET', '/readyz')).body).toMatchObject({
    status: 'ready',
    sources: { [agents.sseEntry]: { state: 'standby', error: null }, simulator: { state: 'standby' } },
  });
  await one.shutDown();
  const stoppedAt = Date.now();
  await waitFor(() => statesOf(two).every((state) => state === 'live'), 'the takeover');
  expect(Date.now() - stoppedAt).toBeLessThan(2000); // The lease was given back: nobody waits for a predecessor.
});

it(
  'who loses the connection that holds its lease stops before another one begins',
  async () => {
    const agents = await AgentProcess.start();
    cleanUps.push(() => agents.stop());
    const [one, two] = await twoBoards(agents.sseEntry);
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, agents.readers)), 2);
    for (let round = 0; round < rounds('LEASE_LOSSES', 2); round++) {
      const before = agents.accepted;
      await query(
        one.databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'switchboard-lease' AND datname = current_database()`,
      );
      await waitFor(() => agents.accepted > before && agents.readers === 1, 'a leader');
      await waitFor(() => [one, two].flatMap(statesOf).sort().join() === 'live,standby', 'a leader and a standby');
    }
    clearInterval(watching);
    expect(most).toBe(1);
  },
  longest(),
);

it('when the leader is killed, the other reads on from the cursor within 5 s: nothing lost, nothing twice', async () => {
  const voice = await VoiceServer.start();
  cleanUps.push(() => voice.stop());
  voice.agentLog('mara');
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  const variables = { DATABASE_URL: database.url, SOURCES: voice.source, PINECALL_API_KEY: API_KEY };
  const homes = await Promise.all([0, 1].map(() => Installation.create(variables)));
  for (const home of homes) cleanUps.push(() => home.remove());
  const [leading, standing] = homes as [Installation, Installation];
  const leader = await leading.start();
  const admin = leading.read('admin-token');
  await ask(leading, admin, 'POST', '/v1/admin/tenants', { tenant: 'acme' });
  await ask(leading, admin, 'PUT', '/v1/admin/agents/mara/owner', { tenant: 'acme', from: null });
  await waitFor(() => voice.open('agent:mara').length === 1, 'the agent’s log to be tailed');
  await standing.start();
  await stateOf(standing, 'standby');
  const calls = Array.from({ length: 10 }, (_, index) => `CA_${index}`);
  for (const call of calls) {
    voice.call(call, 'mara');
    voice.release(call, 12);
  }
  await waitFor(() => calls.every((call) => voice.open(`call:${call}`).length === 1), 'all calls to be read');
  await killIn(leader, () => calls.forEach((call) => voice.release(call, 20)));
  const killedAt = Date.now();
  for (const call of calls) voice.release(call);
  await stateOf(standing, 'live');
  expect(Date.now() - killedAt).toBeLessThan(5000);
  const durable = () =>
    query<{ call: string; seqs: number[] }>(
      database.url,
      `SELECT call_id AS call, array_agg((data::json->>'seq')::int ORDER BY position) AS seqs FROM events GROUP BY 1`,
    );
  const ended = async () => {
    const text = `SELECT FROM events WHERE type IN ('call.ended')`;
    return (await query(database.url, text)).length === calls.length;
  };
  await waitFor(ended, 'the end of every call', 20_000);
  const rows = await durable();
  expect(rows).toHaveLength(calls.length);
  const [first] = rows;
  for (const { seqs } of rows) {
    expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
    expect(seqs.length).toBeGreaterThan(5);
    expect(seqs).toEqual(first?.seqs); // The calls are alike: what one lacked would show.
  }
});

async function killIn(server: ServerProcess, work: () => void): Promise<void> {
  work();
  await new Promise((resolve) => setImmediate(resolve)); // What was sent is on its way.
  await server.kill9();
}

async function stateOf(home: Installation, state: string): Promise<void> {
  await waitFor(async () => {
    const answer = await fetch(`${home.url}/readyz`).then((one) => one.json() as Promise<Readiness>);
    return Object.values(answer.sources)[0]?.state === state;
  }, `a source that is ${state}`);
}

interface Readiness {
  readonly sources: Record<string, { readonly state: string }>;
}

async function ask(home: Installation, token: string, method: string, path: string, body: object): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(home.url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}
