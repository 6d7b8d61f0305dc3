/** Servers that mint no tokens, or refuse sockets: their logs are read in pages, and what is said of them is true. */
import { Harness } from '../support/call-log-harness.js';
import { parcelCall } from '../support/voice-log.js';

const CALL = 'CA_parcel';
const AGENT = 'lucia';
const durable = parcelCall(CALL, AGENT)
  .filter(({ ephemeral }) => !ephemeral)
  .map(({ seq }) => seq);

let harness: Harness;
const server = () => harness.server;

beforeEach(async () => {
  harness = await Harness.create(AGENT);
  server().call(CALL, AGENT);
});
afterEach(() => harness.tearDown());

test.each([
  ['by a status', 403, false],
  ['by a frame on an open socket', undefined, true],
])('a log whose socket is refused %s is read in pages, and why is said', async (_, status, byFrame) => {
  server().refuseUpgrades = byFrame ? 403 : status;
  server().refusesByFrame = byFrame;
  server().release(CALL, 20);
  void harness.start();
  await harness.until(() => harness.seqs(CALL).includes(18));
  expect(harness.lives).toBe(1);
  expect(harness.source?.trouble).toMatch(/^\d+ logs are read in pages, not live: .*refused with status 403$/);
  server().release(CALL);
  await harness.finished(CALL);
  expect(harness.seqs(CALL)).toEqual(durable);
});

test('a server that mints no tokens is read in pages with the key itself, which stands in no URL', async () => {
  server().refuseMints = 404;
  server().refuseUpgrades = 403;
  server().pagesTakeKey = true;
  server().listsEntries = true;
  server().release(CALL);
  void harness.start();
  await harness.finished(CALL);
  expect(harness.seqs(CALL)).toEqual(durable);
  expect(harness.source?.trouble).toMatch(/pages, not live: minting a stream token was refused with status 404$/);
  expect(server().pages.join()).not.toContain('pk_test');
});

test('an open socket that only refuses is no live source', async () => {
  server().refuseUpgrades = 403;
  server().refusesByFrame = true;
  server().logs.clear();
  const running = harness.start({ outageMs: 100 });
  await expect(running).rejects.toThrow(/^nothing could be read for .*attaching to a log was refused with status 403$/);
  expect(harness.lives).toBe(0);
});

test('a server without tokens that refuses the key is no live source, and the mint is what is named', async () => {
  server().refuseMints = 404;
  const running = harness.start({ outageMs: 100 });
  await expect(running).rejects.toThrow(/minting a stream token was refused with status 404$/);
  expect(harness.lives).toBe(0);
});
