/**
 * What an operator sees: metrics that follow what happens, a dashboard and alerts that ask for nothing that is not
 * there.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TailLag } from '../../src/events/live/event-tail.js';
import { AgentProcess } from '../support/agent-process.js';
import { createDatabase, query } from '../support/database.js';
import { DatabaseWay } from '../support/database-way.js';
import { whileHeld } from '../support/hold-table.js';
import { Metrics } from '../support/metrics.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const METRICS_TOKEN = 'a-token-for-metrics';
const ILL = 'ws+ws://127.0.0.1:2/ws';
const PARTS = ['database', 'tail', 'bus', 'streams', 'calls', 'sources'];

let board: Switchboard;
let agents: AgentProcess;
let way: DatabaseWay;
let database: { url: string; drop(): Promise<void> };
beforeAll(async () => {
  database = await createDatabase();
  way = await DatabaseWay.to(database.url);
  agents = await AgentProcess.start();
  const SOURCES = `${agents.sseEntry},${ILL}`;
  board = await Switchboard.start({ DATABASE_URL: way.url, METRICS_TOKEN, SOURCES });
});
afterAll(async () => {
  await board.stop();
  await agents.stop();
  way.stop();
  await database.drop();
});

const read = () => Metrics.of(board, METRICS_TOKEN);
const file = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');

it('streams are counted by who reads, deliveries by reader, and bytes also when the stream is gone', async () => {
  const agent = fresh('mara');
  const { token, id } = await board.createTenant({ agents: [agent] });
  const view = await board.admin<{ token: string }>('POST', `/v1/admin/tenants/${id}/stream-tokens`, {});
  await board.ingest(message(agent, agent, 1), message(agent, agent, 2));
  const before = await read();
  const readers = [
    await board.open('/events?after=0', { token }),
    await board.open('/events', { token: view.body.token }),
    await board.open(`/v1/admin/events?tenants=${id}`, { token: board.adminToken }),
  ];
  for (const reader of readers) await reader.untilType('log.caught_up');
  const open = await read();
  for (const reader of ['customer', 'view', 'admin'])
    expect([reader, open.value('switchboard_streams_open', { class: reader })]).toEqual([reader, 1]);
  const grown = (after: Metrics, name: string, labels?: Record<string, string>) =>
    after.count(name, labels) - before.count(name, labels);
  expect(grown(open, 'switchboard_events_out_total', { way: 'log' })).toBe(2);

  await board.ingest(message(agent, agent, 3), message(agent, agent, 4), message(agent, agent, 5));
  for (const reader of readers) await reader.until(({ raw }) => raw.includes('text 5'), 'the last event');
  const sent = await read();
  expect(grown(sent, 'switchboard_events_out_total', { way: 'live' })).toBe(3 * 3);
  const bytes = readers.reduce((sum, { raw }) => sum + Buffer.byteLength(raw), 0);
  expect(grown(sent, 'switchboard_streams_sent_bytes_total')).toBeGreaterThan(bytes);
  expect(sent.value('switchboard_streams_pending_bytes')).toBe(0);
  expect(sent.value('switchboard_streams_behind')).toBe(0);

  readers[0]?.close();
  const { body } = await board.admin<{ connections: { id: string; view: boolean; tenant: string | null }[] }>(
    'GET',
    '/v1/admin/connections',
  );
  const viewing = body.connections.find((one) => one.view);
  await board.admin('DELETE', `/v1/admin/connections/${viewing?.id}`);
  const gone = await waitFor(async () => {
    const now = await read();
    return now.count('switchboard_streams_open') === 1 && now;
  }, 'the end of two streams');
  expect(grown(gone, 'switchboard_streams_closed_total', { reason: 'client' })).toBe(1);
  expect(grown(gone, 'switchboard_streams_closed_total', { reason: 'closed-by-operator' })).toBe(1);
  expect(gone.count('switchboard_streams_sent_bytes_total')).toBeGreaterThanOrEqual(
    sent.count('switchboard_streams_sent_bytes_total'),
  );
});

it('an append says how long it took and how many events it had', async () => {
  const agent = fresh('mara');
  const before = await read();
  await board.ingest(...Array.from({ length: 20 }, (_, n) => message(agent, agent, n)));
  const after = await read();
  const grown = (name: string) => after.count(name) - before.count(name);
  expect(grown('switchboard_append_events_sum')).toBeGreaterThanOrEqual(20);
  expect(grown('switchboard_append_events_count')).toBe(grown('switchboard_append_seconds_count'));
  expect(after.count('switchboard_events_in_total', { outcome: 'stored' })).toBeGreaterThanOrEqual(20);
});

it('what is refused is counted once, whoever refuses it', async () => {
  const { token } = await board.createTenant({ scopes: ['events:write'] });
  const refused = async () => (await read()).count('switchboard_events_in_total', { outcome: 'refused' });
  const before = await refused();
  const foreign = message(fresh('julia'), fresh('call'), 1);
  const { body } = await board.request('POST', '/v1/ingest', { token, body: [foreign, { event: 'no agent' }] });
  expect(body).toMatchObject({ accepted: 0, rejected: [{ index: 0 }, { index: 1 }] });
  expect((await refused()) - before).toBe(2);
});

it('a source says its state, when it last brought something, and what is not committed yet', async () => {
  const source = agents.sseEntry;
  const startedAt = Date.now() / 1000;
  const stateOf = (one: Metrics, name: string, state: string) =>
    one.value('switchboard_source_state', { source: name, state });
  await waitFor(async () => {
    const one = await read();
    return stateOf(one, source, 'live') === 1 && stateOf(one, ILL, 'waiting') === 1;
  }, 'a source that is live, and one without its upstream');
  await agents.send();
  const now = await waitFor(async () => {
    const one = await read();
    return one.count('switchboard_source_last_event_timestamp_seconds', { source }) >= startedAt && one;
  }, 'word of an event');
  expect(now.value('switchboard_source_state', { source })).toBe(1); // One of the states, no other.
  expect(now.value('switchboard_source_waiting_events', { source })).toBeGreaterThanOrEqual(0);
  expect(now.value('switchboard_source_last_event_timestamp_seconds', { source: ILL })).toBeUndefined();
  expect(now.value('switchboard_part_up', { part: 'sources' })).toBe(0);
});

it('this process, its bus, its pools and its version are there', async () => {
  const now = await read();
  const { version } = JSON.parse(file('package.json')) as { version: string };
  expect(now.value('switchboard_build_info', { version })).toBe(1);
  expect(now.value('switchboard_bus_up', { kind: 'postgres' })).toBe(1);
  for (const [pool, max] of Object.entries({ append: 2, control: 4, background: 2, replay: 4, read: 4, manage: 5 }))
    expect([pool, now.value('switchboard_database_connections_max', { pool })]).toEqual([pool, max]);
  expect(now.count('switchboard_database_connections', { pool: 'append' })).toBeGreaterThan(0);
  expect(now.count('switchboard_database_connections', { pool: 'manage' })).toBeGreaterThan(0);
  expect(now.count('process_resident_memory_bytes')).toBeGreaterThan(0);
  expect(now.value('nodejs_eventloop_lag_p99_seconds')).toBeDefined();
});

it('the tail’s lag is the age of the oldest event that was seen in the log and not delivered', () => {
  const lag = new TailLag();
  lag.sawHead(10, 10, 1000);
  expect(lag.behindMs(10, 2000)).toBe(0);
  lag.sawHead(20, 10, 2000);
  lag.sawHead(30, 15, 3000);
  lag.sawHead(30, 15, 4000);
  expect(lag.behindMs(15, 5000)).toBe(3000);
  expect(lag.behindMs(20, 5000)).toBe(2000);
  expect(lag.behindMs(30, 5000)).toBe(0);
  for (let look = 1; look < 2000; look++) lag.sawHead(30 + look, 30, 5000 + look);
  expect(lag.behindMs(30, 10_000)).toBe(4999);
});

it('a tail and calls that cannot read the log fall behind, say so, and are well again', async () => {
  await waitFor(async () => {
    const now = await read();
    return now.value('switchboard_source_waiting_events') === 0 && now.value('switchboard_calls_lag_events') === 0;
  }, 'quiet: an append under way would wait for the lock, with the head in its hands');
  const tail = async () => (await board.request<{ tail: { state: string } }>('GET', '/readyz')).body.tail.state;
  const behind = await whileHeld([database.url, 'events'], async () => {
    await query(database.url, 'UPDATE log_head SET position = position + 3'); // As if another process had committed.
    return waitFor(async () => (await tail()) === 'behind' && read(), 'a tail that is behind');
  });
  expect(behind.count('switchboard_tail_lag_seconds')).toBeGreaterThan(3);
  expect(behind.count('switchboard_calls_lag_events')).toBeGreaterThanOrEqual(3);
  expect(behind.value('switchboard_part_up', { part: 'tail' })).toBe(0);
  expect(behind.value('switchboard_ready')).toBe(1);
  await board.ingest(message(fresh('mara'), fresh('call'), 1));
  await waitFor(async () => (await tail()) === 'up', 'a tail that has caught up');
  await waitFor(async () => (await read()).value('switchboard_calls_lag_events') === 0, 'calls that have caught up');
});

it('every part is named by /readyz and by the metrics, also while the database is away', async () => {
  const { body } = await board.request('GET', '/readyz');
  expect(Object.keys(body)).toEqual(['status', ...PARTS.filter((part) => part !== 'sources'), 'sources']);
  way.cut();
  const away = await waitFor(async () => {
    const now = await read();
    return now.value('switchboard_ready') === 0 && now;
  }, 'word that the database is away');
  expect(away.value('switchboard_part_up', { part: 'database' })).toBe(0);
  expect(away.value('switchboard_part_up', { part: 'tail' })).toBe(0);
  expect(away.value('switchboard_calls_lag_events')).toBeUndefined();
  const answer = await board.request('GET', '/readyz');
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ status: 'degraded', database: { state: 'away' }, tail: { state: 'away' } });
  way.open();
  await waitFor(async () => (await read()).value('switchboard_ready') === 1, 'the database');
});

describe('what is shipped for operators', () => {
  const ours = (text: string) => new Set(text.match(/\b(switchboard|nodejs|process)_[a-z0-9_]+/g) ?? []);
  const dashboard = file('deploy/grafana/switchboard.json');
  const alerts = file('deploy/prometheus/alerts.yml');
  const expressionsOf = (json: string) =>
    [...json.matchAll(/"(?:expr|query|definition)": "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text).join('\n');

  it('asks for metrics that are there', async () => {
    const { names } = await read();
    const expressions = [...alerts.matchAll(/^ +expr: (.+)$/gm)].map(([, text = '']) => text);
    expect(expressions.length).toBe(alerts.match(/- alert:/g)?.length);
    for (const [where, text] of Object.entries({ dashboard: expressionsOf(dashboard), alerts: expressions.join('\n') }))
      expect([where, [...ours(text)].filter((name) => !names.has(name))]).toEqual([where, []]);
    expect(ours(expressionsOf(dashboard)).size).toBeGreaterThan(20);
  });

  it('has for every alert how long it must last, how bad it is and what to do', () => {
    for (const alert of alerts.split('- alert:').slice(1))
      for (const part of [
        /^ +for: \d+[smh]$/m,
        /^ +severity: (critical|warning)$/m,
        /^ +summary: /m,
        /^ +description: /m,
      ])
        expect([alert.split('\n')[0], part.test(alert)]).toEqual([alert.split('\n')[0], true]);
  });

  it('explains every metric of ours', async () => {
    const documented = ours(file('docs/operations.md'));
    const names = [...(await read()).names].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    const own = new Set(names.filter((name) => name.startsWith('switchboard_')));
    expect([...own].filter((name) => !documented.has(name))).toEqual([]);
    expect(own.size).toBeGreaterThan(25);
  });
});
