/** Agents that the module makes at run time, and calls that end because the SDK has lost the voice server. */
import { jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ModuleSource } from '../../src/sources/pinecall/module.source.js';
import { follow, stopAll, typeAndData } from '../support/agent-sources.js';

interface Client extends EventEmitter {
  agent(name: string): EventEmitter;
  /** Makes an agent, too, in a method that nobody watches. */
  open(name: string): EventEmitter;
}

/** All that Jest can fake but intervals. */
const REAL = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['Date', 'setTimeout', 'clearTimeout'] as const),
];

/** How a client keeps its agents. */
const KEPT = {
  'a Map': ['new Map()', 'this.agents.set(name, agent)'],
  'an array': ['[]', 'this.agents.push(agent)'],
  'a set': ['new Set()', 'this.agents.add(agent)'],
  'a plain object': ['{}', 'this.agents[name] = agent'],
};
let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'module-agents-'))));
afterAll(() => rm(folder, { recursive: true }));
afterEach(stopAll);

async function clientThatKeeps([empty = '', keep = '']: readonly string[]) {
  const path = join(folder, `client-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(
    path,
    `import { EventEmitter } from 'node:events';
     class Client extends EventEmitter {
       agents = ${empty};
       open(name) { const agent = Object.assign(new EventEmitter(), { name }); ${keep}; return agent; }
       agent(name) { return this.open(name); }
     }
     export default new Client();`,
  );
  const { default: client } = (await import(pathToFileURL(path).href)) as { default: Client };
  return { client, source: new ModuleSource(`module:${path}`) };
}

test.each(Object.entries(KEPT))('an agent kept in %s is heard from its first word on', async (_, kept) => {
  const { client, source } = await clientThatKeeps(kept);
  jest.useFakeTimers({ doNotFake: REAL });
  try {
    const { sink } = await follow(source);
    const agent = client.open('nova');
    jest.advanceTimersByTime(20); // As the fault was found: its call comes 20 ms later.
    agent.emit('call.started', { callId: 'CA_1', from: '+1' });
    expect(sink.events.map(typeAndData)).toEqual([
      { type: 'call.started', data: { callId: 'CA_1', from: '+1', agent: 'nova' } },
    ]);
    await stopAll(); // It clears the intervals of these clocks.
  } finally {
    jest.useRealTimers();
  }
});

test('an agent is heard at once where a method of the client makes it, whatever keeps it', async () => {
  const { client, source } = await clientThatKeeps(KEPT['a plain object']);
  const { sink } = await follow(source);
  client.agent('nova').emit('call.started', { callId: 'CA_1' });
  expect(sink.events).toHaveLength(1);
});

test('what was watched is put back as it was', async () => {
  const { client, source } = await clientThatKeeps(KEPT['a Map']);
  const before = Object.getOwnPropertyNames(client);
  await follow(source);
  expect(Object.getOwnPropertyNames(client)).not.toEqual(before);
  await stopAll();
  expect(Object.getOwnPropertyNames(client)).toEqual(before);
});

test('calls that were open when the client lost the voice server end as lost, the others do not', async () => {
  const { client, source } = await clientThatKeeps(KEPT['a Map']);
  const { sink } = await follow(source);
  const [mara, julia] = [client.agent('mara'), client.agent('julia')];
  mara.emit('call.started', { callId: 'CA_1', from: '+1', to: '+2', direction: 'inbound', transport: 'phone' });
  mara.emit('call.started', { callId: 'CA_2' });
  mara.emit('call.ended', { callId: 'CA_2', reason: 'hangup' });
  mara.emit('message.confirmed', { callId: 'CA_2', messageId: 'late', text: 'x' });
  julia.emit('whatsapp.message', { sessionId: 'WA_1', text: 'Hola', messageId: 'w1' });
  julia.emit('call.started', { callId: 'CA_3' });
  const count = sink.events.length;
  client.emit('disconnected', { code: 1006 });
  client.emit('disconnected', { code: 1006 });
  expect(sink.events.slice(count).map(typeAndData)).toEqual([
    {
      type: 'call.ended',
      data: {
        callId: 'CA_1',
        from: '+1',
        to: '+2',
        direction: 'inbound',
        transport: 'phone',
        agent: 'mara',
        reason: 'lost',
      },
    },
    { type: 'call.ended', data: { callId: 'CA_3', agent: 'julia', reason: 'lost' } },
  ]);
});

test('a streamed reply that is never confirmed ends with its words', async () => {
  const { client, source } = await clientThatKeeps(KEPT['a Map']);
  const { sink } = await follow(source);
  const mara = client.agent('mara');
  mara.emit('bot.speaking', { callId: 'CA_1', messageId: 'b1', text: '' });
  for (const [wordIndex, word] of ['Yes,', 'from', 'ten.'].entries())
    mara.emit('bot.word', { callId: 'CA_1', messageId: 'b1', word, wordIndex });
  mara.emit('bot.finished', { callId: 'CA_1', messageId: 'b1' });
  expect(sink.events.at(-1)?.data).toEqual({ callId: 'CA_1', messageId: 'b1', agent: 'mara', text: 'Yes, from ten.' });
});
