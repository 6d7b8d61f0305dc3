/**
 * Calls that nobody makes end with the run that makes them: none is "live" for hours because a process stopped or was
 * killed.
 */
import { SIMULATED } from '../../src/sources/simulator/call-schedule.js';
import { createDatabase, query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(SOURCES: string, databaseUrl: string): Promise<Switchboard> {
  const board = await Switchboard.start({ SOURCES, DATABASE_URL: databaseUrl });
  cleanUps.push(() => board.stop());
  return board;
}

async function newDatabase(): Promise<string> {
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  return database.url;
}

const OPEN = `SELECT DISTINCT call_id AS call FROM events e WHERE call_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM events x WHERE x.call_id = e.call_id AND x.type IN ('call.ended', 'whatsapp.sessionEnded')) ORDER BY 1`;
const open = async (url: string) => (await query<{ call: string }>(url, OPEN)).map(({ call }) => call);
const agents = 'mara+julia+sol+nora+lucia';

it('a process that stops ends the calls that it was simulating', async () => {
  const url = await newDatabase();
  const board = await start(`simulator:?rate=60&agents=${agents}`, url);
  await waitFor(async () => (await open(url)).length >= 5, 'calls in progress');
  await board.shutDown();
  const ended = await query<{ reason: string }>(
    url,
    `SELECT DISTINCT data::json->>'reason' AS reason FROM events WHERE type = 'call.ended'`,
  );
  expect(ended.map(({ reason }) => reason)).toContain('disconnected');
  // One whose first words were under way when it stopped may be left to the next start.
  await start(`simulator:?speed=0.01&agents=${agents}`, url);
  await waitFor(async () => (await open(url)).length === 0, 'no call in progress');
});

it('the next start ends what a killed process was simulating, and nothing else', async () => {
  const url = await newDatabase();
  const before = await start('none', url);
  const id = (prefix: string) =>
    `${prefix}_${SIMULATED}${fresh('')
      .replace(/[^0-9a-f]/g, '')
      .padEnd(12, '0')
      .slice(0, 12)}`;
  const [call, session, foreign] = [id('CA'), id('WA'), id('CA')];
  const [real] = [fresh('CA_real')];
  await before.ingest(
    { event: 'call.started', callId: call, agent: 'mara', from: '+34611111111' },
    { event: 'whatsapp.sessionStarted', sessionId: session, agent: 'mara', contactPhone: '+34611111111' },
    { event: 'call.started', callId: foreign, agent: 'somebody-else' },
    { event: 'call.started', callId: real, agent: 'mara' },
  );
  await start('simulator:?speed=0.01&agents=mara', url);
  await waitFor(async () => (await open(url)).length === 2, 'the ends');
  expect((await open(url)).sort()).toEqual([foreign, real].sort());
});
