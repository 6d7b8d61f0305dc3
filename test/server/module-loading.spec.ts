import { Logger } from '@nestjs/common';
import { ModuleSource } from '../../src/sources/pinecall/module.source.js';
import { InvalidSource } from '../../src/sources/source.js';
import { failure, follow, stopAll } from '../support/agent-sources.js';

interface MinimalAgents {
  readonly said: (type: string, ...args: unknown[]) => void;
  readonly listeners: () => number;
}

const FIXTURE = '../fixtures/minimal-agents.mjs';
const logged: string[] = [];
const log = (line: unknown) => void logged.push(String(line));

beforeAll(() => {
  Logger.overrideLogger({ log, warn: log, error: log });
});
afterEach(stopAll);

describe('a module that offers no more than on(event, handler)', () => {
  it('is heard with the types that are known, and is left without listeners', async () => {
    const { said, listeners } = (await import(FIXTURE)) as MinimalAgents;
    const { sink, stop, ended } = await follow(new ModuleSource('module:./test/fixtures/minimal-agents.mjs'));
    said('user.message', { agentId: 'mara', text: 'x' });
    said('llm.toolCall', { agent: { name: 'julia' }, toolCalls: [] });
    said('whatsapp.message', { agent: 'julia', sessionId: 'WA_1' });
    expect(sink.events.map(({ type, agent, callId }) => [type, agent, callId])).toEqual([
      ['user.message', 'mara', undefined],
      ['llm.toolCall', 'julia', undefined],
      ['whatsapp.message', 'julia', 'WA_1'],
    ]);
    said('user.message', { text: 'nobody’s' });
    expect(logged).toEqual([expect.stringMatching(/event that names no agent/)]);
    stop();
    await ended;
    expect(listeners()).toBe(0);
  });
});

describe('a module that cannot be used', () => {
  it.each([
    ['module:./test/fixtures/missing.mjs', /^SOURCES: \.\/test\/fixtures\/missing\.mjs cannot be loaded: [^\n]+$/],
    ['module:./test/fixtures/broken-agents.mjs', /cannot be loaded: the first line$/],
    ['module:./test/fixtures/not-agents.mjs', /^SOURCES: the default export of .* must be a Pinecall client [^\n]+$/],
  ])('is refused in one readable line: %s', async (entry, line) => {
    const source = new ModuleSource(entry);
    expect(source.name).toBe(entry);
    expect(await failure(source)).toMatch(line);
    await expect(follow(source)).rejects.toThrow(InvalidSource);
  });

  it('is refused at once when it has no path', () => {
    expect(() => new ModuleSource('module:')).toThrow(InvalidSource);
  });
});
