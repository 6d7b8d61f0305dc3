/** The catalogue of events: whatever our sources make is valid by it, and what it does not know passes. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { EVENT_TYPES, describedEventTypes } from '../../src/events/catalogue/catalogue.js';
import { type DecodedEvent, admitEvent } from '../../src/events/log/event.js';
import { type LogEntry, decodeAgentEvent, decodeLogEntry, isControl } from '../../src/sources/pinecall/decode.js';
import { NEW_CALL } from '../../src/sources/pinecall2/call-context.js';
import { decodeEntry } from '../../src/sources/pinecall2/decode.js';
import { readEntry } from '../../src/sources/pinecall2/entry.js';
import { SimulatorSource } from '../../src/sources/simulator.source.js';
import { golden, ownLog } from '../support/pinecall2-log.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { parcelEntries, replayFrames, sseFrames, wsFrames } from '../support/recordings.js';
import { orAbsent } from '../support/absent.js';

/** What the upstream's makers recorded is not ours to copy; it is read where it lies beside the repository. */
const RECORDINGS = ['../../../shared', '../../../../shared']
  .map((folder) => resolve(import.meta.dirname, folder, 'pinecall/recordings'))
  .find((folder) => existsSync(folder));
/** What a wire says of itself beside an event's own fields. */
const OF_THE_WIRE = ['agentId', 'event', 'sessionId', 'seq', 'ts', 'timestamp', 'phoneNumber', 'final', 'lagMs'];

const known = new Map(EVENT_TYPES.map((one) => [one.type, one.schema]));

/** As a reader is given it. */
function dataOf(event: DecodedEvent): Record<string, unknown> {
  return JSON.parse(admitEvent(event, new Date(0)).data) as Record<string, unknown>;
}

interface Findings {
  readonly wrong: string[];
  readonly unknownTypes: string[];
  readonly unknownFields: string[];
}

function check(events: readonly DecodedEvent[]): Findings {
  const wrong = new Set<string>();
  const unknownTypes = new Set<string>();
  const unknownFields = new Set<string>();
  for (const event of events) {
    const type = String(event.type);
    const schema = known.get(type);
    if (schema === undefined) unknownTypes.add(type);
    const data = dataOf(event);
    const result = schema?.safeParse(data);
    for (const issue of result?.error?.issues ?? []) wrong.add(`${type}.${issue.path.join('.')}: ${issue.message}`);
    for (const name of Object.keys(data))
      if (schema && !(name in schema.shape) && !OF_THE_WIRE.includes(name)) unknownFields.add(`${type}.${name}`);
  }
  return { wrong: [...wrong], unknownTypes: [...unknownTypes], unknownFields: [...unknownFields] };
}

const NOTHING: Findings = { wrong: [], unknownTypes: [], unknownFields: [] };

const agentEvents = (frames: readonly { type: string; data: Record<string, unknown> }[]) =>
  frames.filter(({ type }) => !isControl(type)).map(({ type, data }) => decodeAgentEvent(type, data));
const logEvents = (entries: readonly LogEntry[]) =>
  entries.filter(({ type }) => !isControl(type)).map((entry) => decodeLogEntry(entry));

/** The second generation's, in our vocabulary. */
function secondEvents(entries: readonly unknown[]): DecodedEvent[] {
  let context = NEW_CALL;
  return entries.flatMap((value) => {
    const read = readEntry(value);
    if (!read || read.type.startsWith('log.')) return [];
    const decoded = decodeEntry(read, 'call_1', context);
    context = decoded.context;
    return [...decoded.events];
  });
}

describe('every event is valid', () => {
  it('of the simulator', async () => {
    const sink = new CollectingSink();
    const source = new SimulatorSource('simulator:?speed=20000&rate=30&seed=7&calls=120', () => 1_795_348_842_000);
    await source.run(sink, () => undefined, new AbortController().signal);
    expect(sink.events.length).toBeGreaterThan(2000);
    expect(check(sink.events)).toEqual(NOTHING);
  });

  it.each([
    ['wire A', () => agentEvents(sseFrames)],
    ['wire B', () => agentEvents(wsFrames)],
    ['wire A with repeats', () => agentEvents(replayFrames)],
    ['wire C', () => logEvents(parcelEntries)],
    ['the second generation', () => secondEvents(ownLog)],
  ])('of our fixtures: %s', (_, read) => {
    const events = read();
    expect(events.length).toBeGreaterThan(10);
    expect(check(events)).toEqual(NOTHING);
  });

  (RECORDINGS ? it : it.skip)(`of the upstream’s recordings${orAbsent(RECORDINGS)}`, () => {
    const read = (name: string) => readFileSync(resolve(RECORDINGS ?? '', name), 'utf8');
    const golden = JSON.parse(read('call-log-golden.json')) as { entries: LogEntry[] };
    const frames = ['pc-stream.sse', 'agent-stream.sse'].flatMap((name) =>
      [...read(name).matchAll(/event: ([^\n]+)\ndata: ([^\n]+)\n/g)].map(([, type = '', data = '']) => ({
        type,
        data: JSON.parse(data) as Record<string, unknown>,
      })),
    );
    const messages = read('agent-ws.jsonl')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const { event, ...data } = JSON.parse(line) as Record<string, unknown>;
        return { type: String(event), data };
      });
    const events = [...agentEvents([...frames, ...messages]), ...logEvents(golden.entries)];
    expect(events.length).toBeGreaterThan(200);
    expect(check(events)).toEqual(NOTHING);
  });

  (golden ? it : it.skip)(`of the second generation’s golden log${orAbsent(golden)}`, () => {
    const events = secondEvents(golden?.entries ?? []);
    expect(events.length).toBeGreaterThan(20);
    expect(check(events)).toEqual(NOTHING);
  });
});

describe('the catalogue', () => {
  it('lets unknown fields and types pass', () => {
    const data = dataOf(decodeAgentEvent('call.started', { agent: 'mara', callId: 'c', surprise: { a: 1 } }));
    expect(known.get('call.started')?.parse(data)).toMatchObject({ surprise: { a: 1 } });
    expect(check([decodeAgentEvent('weather.changed', { agent: 'mara' })]).unknownTypes).toEqual(['weather.changed']);
  });

  it('refuses what no reader could use', () => {
    expect(known.get('call.started')?.safeParse({ agent: 'mara' }).success).toBe(false);
    expect(known.get('bot.word')?.safeParse({ agent: 'mara', at: '2026-11-27T21:06:05.788Z', word: 5 }).success).toBe(
      false,
    );
  });

  it('has each type once, with an example that its published schema allows, and nothing that refers elsewhere', () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const types = describedEventTypes();
    expect(new Set(types.map(({ type }) => type)).size).toBe(types.length);
    for (const { type, schema, example, summary } of types) {
      expect([type, JSON.stringify(schema).includes('$ref'), summary.length > 10]).toEqual([type, false, true]);
      const validate = ajv.compile(schema);
      expect([type, validate(example), validate.errors]).toEqual([type, true, null]);
    }
  });
});
