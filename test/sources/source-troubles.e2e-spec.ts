/** An upstream that cannot be read, of every kind: /readyz and /metrics say so, in words, and nothing is "live". */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestListener, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type Server, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceStatus } from '../../src/sources/source-supervisor.js';
import { Broker, withBroker } from '../support/brokers.js';
import { makeCertificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { Metrics } from '../support/metrics.js';
import { Switchboard } from '../support/switchboard.js';
import { API_KEY } from '../support/voice-server.js';
import { waitFor } from '../support/wait-for.js';

const METRICS_TOKEN = 'a-token-for-metrics';
const SILENCE = /nothing has answered for \d+ s|nothing came|no answer|does not answer|timeout|timed out/;
type Sources = Record<string, SourceStatus>;

const folder = mkdtempSync(join(tmpdir(), 'switchboard-troubles-'));
const servers: Server[] = [];
const brokers: Broker[] = [];
let board: Switchboard | undefined;
afterAll(async () => {
  await board?.stop();
  for (const server of servers) server.close();
  for (const broker of brokers) await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers every request and every upgrade with this status. */
function answering(status: number): Promise<string> {
  const answer: RequestListener = (_, response) => response.writeHead(status, { Connection: 'close' }).end('no');
  const server = createServer(answer);
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => undefined); // Whoever asked is gone before it has read the answer.
    socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`);
  });
  return listen(server);
}

async function brokerOf(kind: 'nats' | 'redis', config?: string): Promise<Broker> {
  const broker = await Broker.start(kind, undefined, config);
  brokers.push(broker);
  return broker;
}

it('every kind of source says in words what ails its upstream', async () => {
  const { cert, key } = makeCertificate(folder, 'DNS:elsewhere.test');
  const tls = await listen(createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }));
  const silent = await listen(createTcpServer((socket) => void socket.on('error', () => undefined)));
  const [closed, gone] = [`127.0.0.1:${await freePort()}`, 'nowhere.invalid:4242'];
  const [forbids, knowsNot, fails] = [await answering(403), await answering(404), await answering(503)];
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return `module:${join(folder, name)}`;
  };
  const expected: [string, RegExp][] = [];
  for (const kind of ['sse+http:', 'ws+ws:', 'pinecall+ws:', 'nats:', 'redis:']) {
    const end = kind.startsWith('pinecall') ? '' : '/agents';
    expected.push([`${kind}//${gone}${end}`, /there is no host of that name|the name cannot be looked up/]);
    expected.push([`${kind}//${closed}${end}`, /nothing listens there/]);
    expected.push([`${kind}//${silent}${end}`, SILENCE]);
  }
  for (const kind of ['sse+https:', 'ws+wss:', 'pinecall+wss:', 'rediss:']) {
    const end = kind.startsWith('pinecall') ? '' : '/agents';
    expected.push([`${kind}//${tls}${end}`, /unable to verify the first certificate/]);
    expected.push([`${kind}//${fails}${end}`, /that server does not speak TLS there/]);
  }
  for (const kind of ['sse+http:', 'ws+ws:']) {
    expected.push([`${kind}//${forbids}/agents`, /answered with status 403: is SOURCE_TOKEN right\?/]);
    expected.push([`${kind}//${knowsNot}/agents`, /answered with status 404/]);
  }
  expected.push([`pinecall+ws://${fails}`, /a look at the voice server was refused with status 503/]);
  expected.push([file('torn.mjs', 'throw new Error("no key")'), /cannot be loaded: no key/]);
  expected.push([file('odd.mjs', 'export default 7'), /must be a Pinecall client/]);
  expected.push([file('slow.mjs', 'export default new Promise(() => undefined)'), /nothing has answered for \d+ s/]);
  if (withBroker('nats') && withBroker('redis')) {
    const nats = await brokerOf('nats', 'authorization { user: them, password: secret }');
    const redis = await brokerOf('redis');
    expected.push([nats.url.replace('//', '//us:wrong@') + '/agents', /Authorization Violation/i]);
    expected.push([redis.url.replace('//', '//us:wrong@') + '/agents?group=g', /WRONGPASS/]);
  }
  const started = await Switchboard.start({
    SOURCES: expected.map(([entry]) => entry).join(','),
    PINECALL_API_KEY: API_KEY,
    METRICS_TOKEN,
  });
  board = started;
  const nameOf = (entry: string) => entry.replace(/us:wrong@/, '');
  const sources = async () => (await started.request<{ sources: Sources }>('GET', '/readyz')).body.sources;
  const missing = async () => {
    const now = await sources();
    return expected.filter(([entry, words]) => !words.test(now[nameOf(entry)]?.error ?? ''));
  };
  await waitFor(async () => (await missing()).length === 0, 'words of each').catch(async () => {
    expect(await missing()).toEqual([]);
  });
  const states = Object.entries(await sources());
  expect(states.filter(([, { state }]) => state === 'live')).toEqual([]);
  const metrics = await Metrics.of(started, METRICS_TOKEN);
  const untroubled = states.filter(([source]) => metrics.value('switchboard_source_trouble', { source }) !== 1);
  expect(untroubled).toEqual([]);
  expect(JSON.stringify(states)).not.toMatch(new RegExp(`${API_KEY}|wrong@`));
});
