import { admitEvent, type DecodedEvent } from '../../src/events/log/event.js';
import { scheduleCalls } from '../../src/sources/simulator/call-schedule.js';
import { isSpoken } from '../../src/sources/simulator/conversation.js';
import { playConversation } from '../../src/sources/simulator/conversation-player.js';
import { CONVERSATIONS } from '../../src/sources/simulator/conversations.js';
import { DueQueue } from '../../src/sources/simulator/due-queue.js';
import { readSimulatorOptions } from '../../src/sources/simulator/options.js';
import { SeededRandom } from '../../src/sources/simulator/random.js';
import { sceneOf } from '../../src/sources/simulator/scene.js';
import { SimulatorSource } from '../../src/sources/simulator.source.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { sseFrames, wsFrames } from '../support/recordings.js';

const FAST = 'speed=20000&rate=30';
const START_MS = 1_795_348_842_000;
const live = () => undefined;
const never = new AbortController().signal;

async function eventsOf(query: string, startMs = START_MS): Promise<readonly DecodedEvent[]> {
  const sink = new CollectingSink();
  await new SimulatorSource(`simulator:?${FAST}&${query}`, () => startMs).run(sink, live, never);
  return sink.events;
}

const textOf = ({ type, agent, data }: DecodedEvent) => [type, agent, data['text'] ?? data['word'] ?? null];
const idsOf = (events: readonly DecodedEvent[]) =>
  new Set(events.map(({ callId }) => callId).filter((id) => id !== undefined));
const ofType = (events: readonly DecodedEvent[], type: string) => events.filter((event) => event.type === type);

function perCall(events: readonly DecodedEvent[]): DecodedEvent[][] {
  return [...idsOf(events)].map((id) => events.filter(({ callId, data }) => callId === id || data['sessionId'] === id));
}

/** Everything that the scripts hold, each once. */
const everyScript = CONVERSATIONS.map((conversation) => ({
  conversation,
  cues: [...playConversation(sceneOf(conversation, { id: 'CA_0123', agent: 'mara', random: new SeededRandom('any') }))],
}));

describe('the simulator', () => {
  let many: readonly DecodedEvent[];
  beforeAll(async () => (many = await eventsOf('seed=42&calls=80')));

  it('says the same in the same order when the seed is the same', async () => {
    expect(await eventsOf('seed=42&calls=80')).toEqual(many);
    const other = await eventsOf('seed=43&calls=80');
    expect(other.map(textOf)).not.toEqual(many.map(textOf));
  });

  it('starts with new ids after a restart, so that the log does not drop its events as repeats', async () => {
    const again = await eventsOf('seed=42&calls=80', START_MS + 1);
    expect(again.map(textOf)).toEqual(many.map(textOf));
    const before = idsOf(many);
    expect([...idsOf(again)].filter((id) => before.has(id))).toEqual([]);
    expect(before.size).toBe(80);
    for (const id of before) expect(id).toMatch(/^(CA|WA)_[0-9a-f]{16}$/);
  });

  it('gives every call its start first and its end last, and a reply its words in between', () => {
    for (const events of perCall(many)) {
      const types = events.map(({ type }) => String(type));
      const whatsapp = types[0] === 'whatsapp.sessionStarted';
      expect([types[0], types.at(-1)]).toEqual(
        whatsapp ? ['whatsapp.sessionStarted', 'whatsapp.sessionEnded'] : ['call.started', 'call.ended'],
      );
      const replies = new Set(
        ofType(events, 'bot.speaking')
          .map(({ data }) => data['messageId'])
          .filter((id) => id !== ''),
      );
      for (const id of replies) {
        const story = events.filter(({ data }) => data['messageId'] === id).map(({ type }) => String(type));
        expect(story.join(' ')).toMatch(
          /^bot\.speaking( bot\.word)+ (bot\.finished message\.confirmed|bot\.interrupted)$/,
        );
      }
      for (const { data } of ofType(events, 'user.message').filter(({ data: { turnId } }) => turnId !== 0)) {
        const story = events
          .filter((event) => event.data['messageId'] === data['messageId'])
          .map(({ type }) => String(type));
        expect(story.join(' ')).toMatch(
          /^user\.speaking( user\.speaking| turn\.pause)*( user\.message eager\.turn turn\.end)$/,
        );
      }
    }
  });

  it('numbers the words of a reply, and they make up the confirmed text', () => {
    const confirmed = ofType(many, 'message.confirmed');
    expect(confirmed.length).toBeGreaterThan(100);
    for (const { data } of confirmed) {
      const words = ofType(many, 'bot.word').filter((word) => word.data['messageId'] === data['messageId']);
      expect(words.map((word) => word.data['word']).join(' ')).toBe(data['text']);
      expect(words.map((word) => word.data['wordIndex'])).toEqual(words.map((_, index) => index));
    }
  });

  it('lets interim words grow into the message', () => {
    for (const { data } of ofType(many, 'user.message').filter(({ data: { turnId } }) => turnId !== 0)) {
      const interim = ofType(many, 'user.speaking').filter((event) => event.data['messageId'] === data['messageId']);
      const texts = interim.map((event) => String(event.data['text']));
      for (const [index, text] of texts.slice(1).entries()) expect(text.startsWith(`${texts[index]} `)).toBe(true);
      expect(texts.at(-1)).toBe(data['text']);
    }
  });

  it('sends only what ingest admits, from agents with and without an owner', () => {
    for (const event of many) expect(() => admitEvent(event, new Date(START_MS))).not.toThrow();
    expect(new Set(many.map(({ agent }) => agent))).toEqual(new Set(['mara', 'lucia', 'julia', 'sol', 'nora']));
  });

  it('speaks several languages over every transport, with keys, tools, interruptions and unanswered calls', () => {
    const cues = everyScript.flatMap((script) => script.cues);
    const values = (name: string) => new Set(cues.map(({ data }) => data[name]));
    expect(CONVERSATIONS.length).toBeGreaterThanOrEqual(12);
    expect(new Set(CONVERSATIONS.map(({ name }) => name)).size).toBe(CONVERSATIONS.length);
    for (const language of ['de', 'en', 'es', 'fr', 'it', 'pt']) expect(values('language')).toContain(language);
    for (const transport of ['phone', 'webrtc', 'chat']) expect(values('transport')).toContain(transport);
    for (const reason of ['hangup', 'no_answer', 'busy', 'idle_timeout']) expect(values('reason')).toContain(reason);
    expect(values('direction')).toContain('outbound');
    const types = new Set(cues.map(({ type }) => type));
    for (const type of ['call.dtmf_received', 'bot.interrupted', 'whatsapp.message', 'audio.metrics', 'turn.resumed']) {
      expect(types).toContain(type);
    }
    expect(cues.some(({ type, data }) => type === 'bot.speaking' && data['text'] === '')).toBe(true);
    expect(JSON.stringify(cues)).not.toMatch(/\{[a-z]+\}/);
    const tools = cues.filter(({ type }) => type === 'llm.toolCall').flatMap(({ data }) => data['toolCalls']);
    for (const { arguments: text } of tools as { arguments: string }[]) expect(JSON.parse(text)).toBeInstanceOf(Object);
    for (const { data } of cues.filter(({ type }) => type === 'llm.tool_result')) JSON.parse(String(data['result']));
  });

  it('interrupts replies only in their midst', () => {
    for (const { steps } of CONVERSATIONS) {
      for (const [index, step] of steps.entries()) {
        if (!('user' in step) || step.interruptsAfterWords === undefined) continue;
        const before = steps[index - 1];
        const words = before && 'bot' in before ? before.bot.split(' ').length : 0;
        expect(words).toBeGreaterThan(step.interruptsAfterWords);
      }
    }
  });

  it('carries the fields that the recordings carry', () => {
    const simulated = new Map<unknown, Set<string>>();
    for (const { type, data } of many.filter(({ data: { transport } }) => transport !== 'chat')) {
      simulated.set(type, new Set([...(simulated.get(type) ?? []), ...Object.keys(data)]));
    }
    for (const { type, data } of [...sseFrames, ...wsFrames].filter((frame) => frame.type !== 'connected')) {
      // On wire B the type itself stands in `event`.
      for (const field of Object.keys(data)) expect([type, ...(simulated.get(type) ?? [])]).toContain(field);
    }
  });

  it('shows something at once, speaks some 180 words a minute, and keeps one or two calls going at each agent', () => {
    const minutes = 30;
    const openCalls = new Map<unknown, Set<unknown>>();
    const openAt: number[] = [];
    let sampledMs = 20_000;
    for (const { atMs, type, data } of scheduleCalls(readSimulatorOptions('simulator:?seed=7'), START_MS)) {
      if (openCalls.size === 0) expect({ type, early: atMs < 1000 }).toEqual({ type: 'call.started', early: true });
      for (; sampledMs < atMs; sampledMs += 1000) openAt.push(...[...openCalls.values()].map(({ size }) => size));
      if (atMs > minutes * 60_000) break;
      const open = openCalls.get(data['agent']) ?? new Set();
      openCalls.set(data['agent'], open);
      if (/^(call\.started|whatsapp\.sessionStarted)$/.test(type)) open.add(data['callId'] ?? data['sessionId']);
      if (/^(call\.ended|whatsapp\.sessionEnded)$/.test(type)) open.delete(data['callId'] ?? data['sessionId']);
    }
    const mean = openAt.reduce((sum, size) => sum + size, 0) / openAt.length;
    expect(mean).toBeGreaterThan(1);
    expect(mean).toBeLessThan(2.5);
    expect(openAt.filter((size) => size === 0).length / openAt.length).toBeLessThan(0.08);
    const spoken = everyScript.filter(({ conversation }) => isSpoken(conversation)).flatMap(({ cues }) => cues);
    const gaps = spoken
      .filter(({ type, data }) => type === 'bot.word' && data['wordIndex'] !== 0)
      .map(({ afterMs }) => afterMs);
    const wordsPerMinute = 60_000 / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length);
    expect(Math.abs(wordsPerMinute - 180)).toBeLessThan(30);
  });
});

it('a due queue gives out by time, and by arrival what is due together', () => {
  const queue = new DueQueue<number>();
  const random = new SeededRandom('queue');
  const times = Array.from({ length: 500 }, () => Math.floor(random.between(0, 40)));
  times.forEach((atMs, item) => queue.push(atMs, item));
  const sorted = times.map((atMs, item) => ({ atMs, item })).sort((left, right) => left.atMs - right.atMs);
  expect(sorted.map(() => queue.pop())).toMatchObject(sorted);
  expect(queue.pop()).toBeUndefined();
});
