import { Logger } from '@nestjs/common';
import type { EventEmitter } from 'node:events';
import { ModuleSource } from '../../src/sources/pinecall/module.source.js';
import { follow, stopAll, typeAndData } from '../support/agent-sources.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { waitFor } from '../support/wait-for.js';

interface Agent extends EventEmitter {
  readonly say: (type: string, ...args: unknown[]) => void;
  readonly call: (id: string) => { readonly hangup: () => void };
}

interface Client extends EventEmitter {
  readonly agents: Map<string, Agent>;
  readonly agent: (name: string) => Agent;
}

const OF_A_CALL = { from: '+34611111111', to: '+34910000000', direction: 'inbound', transport: 'phone' };
const AGENTS = 'module:./test/fixtures/agents.mjs';

const FIXTURE = '../fixtures/agents.mjs';
const logged: string[] = [];
const log = (line: unknown) => void logged.push(String(line));
let client: Client;
let mara: Agent;

beforeAll(async () => {
  Logger.overrideLogger({ log, warn: log, error: log });
  ({ client } = (await import(FIXTURE)) as { client: Client });
  mara = client.agents.get('mara') ?? client.agent('mara');
});
beforeEach(() => (logged.length = 0));
afterEach(stopAll);

describe('the agents of this process', () => {
  it('are heard with everything that they say, once, though the client says it too', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    const said = { callId: 'CA_1', messageId: 'm1', text: 'Hola', nested: { snake_case: [1, null, { a: true }] } };
    mara.say('user.message', said);
    mara.say('brand.new', { callId: 'CA_1', value: 1, agent: 'mara' });
    client.emit('session.paused', { agent: 'julia' });
    expect(sink.events.map(typeAndData)).toEqual([
      { type: 'user.message', data: { ...said, agent: 'mara' } },
      { type: 'brand.new', data: { callId: 'CA_1', value: 1, agent: 'mara' } },
      { type: 'session.paused', data: { agent: 'julia' } },
    ]);
    expect(sink.events[0]).toMatchObject({ agent: 'mara', callId: 'CA_1', ephemeral: false });
  });

  it('may say the same object twice, in one tick', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    const word = { callId: 'CA_1', word: 'one', agent: 'mara' };
    mara.say('bot.word', word);
    word.word = 'two';
    mara.say('bot.word', word);
    expect(sink.events.map(({ data }) => data['word'])).toEqual(['one', 'two']);
  });

  it('hand over a call object without giving away what is inside it', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    const call = mara.call('CA_1');
    client.emit('call.started', call);
    call.hangup();
    expect(sink.events.map(typeAndData)).toEqual([
      { type: 'call.started', data: { callId: 'CA_1', ...OF_A_CALL, agent: 'mara' } },
      { type: 'call.ended', data: { callId: 'CA_1', ...OF_A_CALL, duration: 42, reason: 'hangup', agent: 'mara' } },
    ]);
  });

  it('are not disturbed, nor is what they say next lost, when an event cannot be read', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    const cyclic: Record<string, unknown> = { callId: 'CA_1' };
    cyclic['self'] = [cyclic, cyclic];
    const throwing = { get text(): string { throw new Error('theirs') } }; // prettier-ignore
    const shared = Array.from({ length: 20 }).reduce<unknown>((inner) => [inner, inner], 'x');
    for (const poison of [cyclic, throwing, { shared }]) mara.say('user.message', poison);
    mara.say('user.message', { callId: 'CA_1', text: 'fine' });
    expect(sink.events.map(({ data }) => data['text'])).toEqual(['fine']);
    expect(logged).toEqual([expect.stringMatching(/passed over 1 × event that could not be read/)]);
  });

  it('keep their own listeners’ errors and return values', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    sink.push = () => { throw new Error('ours') }; // prettier-ignore
    expect(mara.emit('user.message', { text: 'nobody listens' })).toBe(false);
    mara.once('user.message', () => { throw new Error('theirs') }); // prettier-ignore
    expect(() => mara.emit('user.message', { text: 'x' })).toThrow('theirs');
  });

  it('are heard also when a listener of theirs throws', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    mara.once('user.message', () => { throw new Error('theirs') }); // prettier-ignore
    expect(() => mara.emit('user.message', { text: 'x' })).toThrow('theirs');
    expect(sink.events.map(({ data }) => data['text'])).toEqual(['x']);
  });

  it('are heard when they are registered later', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    const name = 'later';
    const later = client.agent(name);
    await waitFor(() => later.emit('user.message', { text: 'x' }) || sink.events.length > 0);
    expect(sink.events[0]?.agent).toBe(name);
    client.agents.delete(name);
  });

  it('are as they were when it has ended, and can be tapped again', async () => {
    const source = new ModuleSource(AGENTS);
    const before = [Reflect.ownKeys(client), Reflect.ownKeys(mara), client.eventNames(), mara.eventNames()];
    const run = await follow(source);
    run.stop();
    await run.ended;
    const after = [Reflect.ownKeys(client), Reflect.ownKeys(mara), client.eventNames(), mara.eventNames()];
    expect(after).toEqual(before);
    expect(Object.hasOwn(mara, 'emit')).toBe(false);
    mara.say('user.message', { text: 'unheard' });
    const { sink } = await follow(source, run.sink);
    mara.say('user.message', { text: 'heard' });
    expect(sink.events.map(({ data }) => data['text'])).toEqual(['heard']);
  });

  it('keep what others have put around their `emit` since, and are not heard by it when this has ended', async () => {
    const keys = Object.keys(mara);
    const { sink, stop, ended } = await follow(new ModuleSource(AGENTS));
    expect(Object.keys(mara)).toEqual(keys);
    const around = mara.emit.bind(mara);
    let count = 0;
    mara.emit = (...args: Parameters<Agent['emit']>) => around(...args, (count += 1));
    stop();
    await ended;
    mara.emit('user.message', { text: 'x' });
    expect([count, sink.events.length]).toEqual([1, 0]);
    Reflect.deleteProperty(mara, 'emit');
  });

  it('pass over what says nothing of an agent: errors, greetings, calls without data', async () => {
    const { sink } = await follow(new ModuleSource(AGENTS));
    client.once('error', () => undefined);
    client.emit('error', new Error('theirs'));
    client.emit('connected', { agents: ['mara'] });
    client.emit('ready', { version: '0.14' });
    mara.once('error', () => undefined);
    mara.emit('error', new Error('theirs'));
    mara.emit('connected', { agent: 'mara' });
    mara.say('user.message', 'text only');
    expect(sink.events).toEqual([]);
  });

  it('cannot fill the memory while the database is away', async () => {
    const sink = new CollectingSink();
    sink.push = (events) => {
      sink.events.push(...events);
      return new Promise(() => undefined);
    };
    await follow(new ModuleSource(AGENTS), sink);
    for (let n = 0; n < 10_005; n++) mara.emit('user.message', { n });
    expect(sink.events.length).toBe(10_000);
    expect(logged.at(-1)).toMatch(/too many wait for the database: LOST/);
  });
});
