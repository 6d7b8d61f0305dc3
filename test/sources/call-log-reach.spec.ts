/** Whether the voice server can be read, and what is said of it: also when there is nothing to read. */
import { Harness } from '../support/call-log-harness.js';

let harness: Harness;
afterEach(() => harness.tearDown());

test('a server that is away is no live source, also when nobody owns an agent', async () => {
  harness = await Harness.create();
  await harness.server.stop();
  await expect(harness.start()).rejects.toThrow(/^the connection failed: nothing listens there: .*ECONNREFUSED/);
  expect(harness.lives).toBe(0);
  await harness.server.listen();
  void harness.start();
  await harness.until(() => harness.lives === 1);
  expect(harness.source?.trouble).toBeUndefined();
});

test('one that goes away later says so at once, and has failed when it stays away', async () => {
  harness = await Harness.create();
  const running = harness.start({ ownedPollMs: 20, outageMs: 200 });
  await harness.until(() => harness.lives === 1);
  await harness.server.stop();
  await harness.until(() => harness.source?.trouble?.includes('nothing listens there') ?? false);
  await expect(running).rejects.toThrow(/^nothing could be read for .*ECONNREFUSED/);
  await harness.server.listen();
});

test('an agent that the server does not know is told from those that are read, without its name', async () => {
  harness = await Harness.create('lucia', 'unheard-of');
  harness.server.call('CA_1', 'lucia');
  harness.server.unknownAgents.add('unheard-of');
  void harness.start();
  await harness.until(() => harness.lives === 1 && harness.source?.trouble !== undefined);
  await harness.until(() => /^1 logs cannot be read: .*status 404$/.test(harness.source?.trouble ?? ''));
  harness.agents.set('lucia');
  await harness.until(() => harness.source?.trouble === undefined);
});

test('a server that refuses the only agent is no live source, and says why', async () => {
  harness = await Harness.create('unheard-of');
  harness.server.unknownAgents.add('unheard-of');
  const running = harness.start({ outageMs: 50 });
  await expect(running).rejects.toThrow(/^nothing could be read for .*status 404$/);
  expect(harness.lives).toBe(0);
});
