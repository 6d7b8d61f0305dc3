/**
 * Many calls at once: few sockets over HTTP/2, a bounded number without it, and a reader that is killed again and
 * again.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../support/certificate.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { Pinecall2Harness } from '../support/pinecall2-harness.js';
import type { Tls } from '../support/pinecall2-gateway.js';
import { logOf, ownLog, storedSeqs } from '../support/pinecall2-log.js';

const stored = storedSeqs(ownLog);
const folder = mkdtempSync(join(tmpdir(), 'switchboard-gateway-'));
const { authority, cert, key } = makeCertificate(folder);
const ca = readFileSync(authority, 'utf8');
const tls: Tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
afterAll(() => rmSync(folder, { recursive: true }));

let harness: Pinecall2Harness;
const gateway = () => harness.gateway;
afterEach(() => harness.tearDown());

/** How many calls have come so far that something of them was stored. */
const begun = () => new Set(harness.sink.events.map(({ callId }) => callId)).size;
const doneRows = () => [...harness.cursors.rows.values()].filter(({ done }) => done).length;

/** A call in four entries, of which the third is its only line. */
const short = (call: string) =>
  logOf(call, 'harbour-desk', ownLog.filter(({ type, seq }) => type === 'call.ringing' || seq === 13 || type === 'call.ended' || type === 'call.score')); // prettier-ignore

/** `CALLS=2000` is what a follower takes at once; fewer show the same and spare a slow machine minutes. */
const MANY = Number(process.env['CALLS'] ?? 500);
const STREAMS_A_SOCKET = 100;

test('hundreds of calls at once are streams over a few sockets, and each comes out whole', async () => {
  harness = await Pinecall2Harness.create(tls);
  const calls = Array.from({ length: MANY }, (_, index) => `call_${index}`);
  for (const call of calls) gateway().call(call, 'harbour-desk', short(call));
  void harness.start({ saveMs: 1000 }, '', { ca });
  await harness.listening();
  for (const call of calls) gateway().release(call, 2);
  await harness.until(() => gateway().streams.size === MANY && begun() === MANY, 120_000);
  expect(gateway().sockets.size).toBeLessThanOrEqual(MANY / STREAMS_A_SOCKET + 5);
  for (const call of calls) gateway().release(call);
  await harness.until(() => doneRows() === MANY, 120_000);
  const lines = harness.sink.events.filter(({ type }) => type === 'bot.speaking');
  expect(new Set(lines.map(({ callId }) => callId)).size).toBe(MANY);
  expect(lines).toHaveLength(MANY);
  expect(harness.sink.events.filter(({ type }) => type === 'call.ended')).toHaveLength(MANY);
  expect(gateway().peakSockets).toBeLessThanOrEqual(MANY / STREAMS_A_SOCKET + 10);
}, 300_000);

test('without HTTP/2 the first 256 calls are streams, the others are read in pages', async () => {
  harness = await Pinecall2Harness.create({ ...tls, plain: true });
  const calls = Array.from({ length: 300 }, (_, index) => `call_${index}`);
  for (const call of calls) gateway().call(call, 'harbour-desk', short(call));
  void harness.start({ saveMs: 1000, pollMs: 200 }, '', { ca });
  await harness.listening();
  for (const call of calls) gateway().release(call, 2);
  await harness.until(() => gateway().streams.size === 256 && begun() === 300, 120_000);
  for (const call of calls) gateway().release(call);
  await harness.until(() => doneRows() === 300, 120_000);
  expect(gateway().peakStreams).toBe(256);
  expect(gateway().peakSockets).toBeLessThanOrEqual(256 + 16 + 1);
  expect(harness.sink.events.filter(({ type }) => type === 'call.ended')).toHaveLength(300);
}, 300_000);

test('a reader that is killed 100 times loses nothing and doubles nothing that its log would not drop', async () => {
  harness = await Pinecall2Harness.create();
  const all = new Map<string, { readonly seq: unknown; readonly text: string }>();
  const keep = () => {
    for (const { identity, data, ephemeral, at, type } of harness.sink.events) {
      if (ephemeral) continue;
      const [key, text] = [JSON.stringify(identity), JSON.stringify([type, at, data])];
      // What comes again is the same event, so the log drops it by its key.
      expect(all.get(key)?.text ?? text).toBe(text);
      all.set(key, { seq: data['seq'], text });
    }
  };
  const calls = Array.from({ length: 20 }, (_, index) => `call_${index}`);
  for (const call of calls) gateway().call(call);
  for (let kill = 0; kill < 100; kill += 1) {
    const call = calls[kill % 20] ?? '';
    void harness.start();
    await harness.listening();
    gateway().release(call, 10);
    // In the middle of whatever it is at: before the list, within a log, before a cursor was saved.
    for (let turn = 0; turn < kill % 13; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    harness.cursors.failures = kill % 3 === 0 ? 1000 : 0;
    await harness.stop();
    harness.cursors.failures = 0;
    keep();
    harness = harness.with(new CollectingSink());
  }
  for (const call of calls) gateway().release(call);
  void harness.start();
  for (const call of calls) await harness.finished(call);
  keep();
  for (const call of calls) {
    const seqs = [...all.values()].filter(({ text }) => text.includes(`"callId":"${call}"`)).map(({ seq }) => seq);
    expect([...new Set(seqs as number[])].sort((one, other) => one - other)).toEqual(stored);
  }
}, 600_000);
