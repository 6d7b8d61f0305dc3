/**
 * What ingest does when an event is at fault, and when we are: only the former is a refusal, and neither takes others
 * along.
 */
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventLog } from '../../src/events/log/event-log.js';
import { IngestService } from '../../src/events/live/ingest.service.js';
import { SourceSink } from '../../src/sources/source-sink.js';
import type { DecodedEvent } from '../../src/events/log/event.js';
import { query } from '../support/database.js';
import { Metrics } from '../support/metrics.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start();
});
afterAll(() => board.stop());

const note = (agent: string, n: number, event = 'note.added') => ({ event, agent, n });
const decoded = (agent: string, n: number, type = 'note.added'): DecodedEvent => ({
  type,
  agent,
  callId: null,
  at: undefined,
  ephemeral: false,
  identity: [agent, n],
  data: { event: type, n },
});
const stored = async (agent: string) =>
  (
    await query<{ n: number }>(
      board.databaseUrl,
      `SELECT (data::json->>'n')::int AS n FROM events WHERE agent = $1 ORDER BY position`,
      [agent],
    )
  ).map(({ n }) => n);
const failures = async (reason: string) =>
  (await Metrics.of(board)).count('switchboard_append_failures_total', { reason });

/** From now on an append that has an event of this type brings out a bug; until what is returned is called. */
function bugAt(type: string): () => void {
  const log = board.app.get(EventLog);
  const append = log.append.bind(log);
  log.append = (events, onlyTenant) =>
    events.some((event) => event.type === type) ? Promise.reject(new TypeError('a bug')) : append(events, onlyTenant);
  return () => (log.append = append);
}

it('an event whose value the database does not take is refused alone', async () => {
  const agent = fresh('mara');
  await query(
    board.databaseUrl,
    `ALTER TABLE log_events ADD CONSTRAINT log_events_type_check CHECK (type <> 'poison')`,
  );
  const body = [note(agent, 0), note(agent, 1, 'poison'), note(agent, 2), note(agent, 3)];
  const answer = await board.admin('POST', '/v1/ingest', body);
  expect([answer.status, answer.body]).toMatchObject([200, { accepted: 3, rejected: [{ index: 1 }] }]);
  expect(await stored(agent)).toEqual([0, 2, 3]);
});

it('a bug of ours is no refusal, is said, and fails nobody beside it', async () => {
  const [agent, before] = [fresh('mara'), await failures('ours')];
  const mend = bugAt('bug');
  const ingest = board.app.get(IngestService);
  const send = (n: number, type?: string) => board.admin('POST', '/v1/ingest', note(agent, n, type));
  const answers = await Promise.all([send(0), send(1, 'bug'), send(2), send(3)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 500, 200, 200]);
  expect(await failures('ours')).toBeGreaterThan(before);
  expect([ingest.waitingEvents, ingest.trouble]).toEqual([0, undefined]);
  mend();
  expect((await send(1, 'bug')).status).toBe(200);
  expect((await stored(agent)).sort()).toEqual([0, 1, 2, 3]);
});

it('a source waits with what brings out a bug: what came before it is in the log, nothing behind it is lost', async () => {
  const agent = fresh('mara');
  const mend = bugAt('stuck');
  const stop = new AbortController();
  const sink = new SourceSink('a source', board.app.get(IngestService), stop.signal);
  let isAcknowledged = false;
  const events = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => decoded(agent, n, n === 5 ? 'stuck' : undefined));
  const pushed = sink.push(events).then(() => (isAcknowledged = true));
  await waitFor(async () => (await stored(agent)).length === 5, 'what came before it');
  expect([isAcknowledged, sink.waitingEvents > 0]).toEqual([false, true]);
  expect(sink.trouble).toBe('events wait to be stored: a fault of ours');
  mend();
  await pushed;
  expect(await stored(agent)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect([sink.waitingEvents, sink.trouble]).toEqual([0, undefined]);
  stop.abort();
});

it('what is committed is answered for, also where the word of it fails', async () => {
  const agent = fresh('mara');
  const ingest = board.app.get<{ announce: (...parameters: unknown[]) => void }>(IngestService);
  const announce = ingest.announce.bind(ingest);
  ingest.announce = () => {
    throw new TypeError('a bug');
  };
  const answer = await board.admin('POST', '/v1/ingest', note(agent, 0));
  ingest.announce = announce;
  expect(answer.body).toMatchObject({ accepted: 1 });
  expect(await stored(agent)).toEqual([0]);
});

it('an event of a source whose time nobody can read is kept, as of when it came in, and the log says so', async () => {
  const agent = fresh('mara');
  const said: unknown[] = [];
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void said.push(line));
  const stop = new AbortController();
  const sink = new SourceSink('a source', board.app.get(IngestService), stop.signal);
  await sink.push([{ ...decoded(agent, 0), at: { unreadable: 'timestamp' } }, decoded(agent, 1)]);
  stop.abort();
  warn.mockRestore();
  expect(await stored(agent)).toEqual([0, 1]);
  expect(said).toEqual([expect.stringMatching(/^a source: took events .* came in: `timestamp` is no time/)]);
});
