/**
 * Pinecall's own logs, where they lie beside the repository: they decode, are admitted, and make one call in any order.
 * A clone without them skips this; the fixtures have the same shapes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { viewOf } from '../../src/calls/fold/call-view.js';
import { type LogEntry } from '../../src/sources/pinecall/decode.js';
import {
  type RecordedEvent,
  agentEvents,
  correctedLast,
  durableOf,
  logEvents,
  reduce,
  shuffled,
} from '../support/call-events.js';
import { Random } from '../support/world/random.js';
import { orAbsent } from '../support/absent.js';

const FOLDER = resolve(import.meta.dirname, '../../../shared/pinecall/recordings');
const isThere = existsSync(FOLDER);
const read = (name: string) => readFileSync(resolve(FOLDER, name), 'utf8');
if (!isThere) process.stderr.write('skipped: Pinecall’s own recordings, for they are not beside this repository\n');

type Frame = { type: string; data: Readonly<Record<string, unknown>> };

function framesOf(name: string): Frame[] {
  return (read(name).match(/.+?\n\n/gs) ?? []).map((text) => {
    const [, type = '', data = ''] = /^event: (.+?)\ndata: (.+?)\n\n$/s.exec(text) ?? [];
    return { type, data: JSON.parse(data) as Frame['data'] };
  });
}

const RECORDINGS: readonly [string, () => RecordedEvent[]][] = [
  ['pc-stream.sse', () => agentEvents(framesOf('pc-stream.sse'))],
  ['agent-stream.sse', () => agentEvents(framesOf('agent-stream.sse'))],
  [
    'agent-ws.jsonl',
    () =>
      agentEvents(
        read('agent-ws.jsonl')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown> & { event: string })
          .map(({ event, ...data }) => ({ type: event, data: { agent: 'mara', ...data } })),
      ),
  ],
  [
    'ev-replay.json',
    () =>
      agentEvents(
        (JSON.parse(read('ev-replay.json')) as { frames: { event: string; data: Frame['data'] }[] }).frames.map(
          ({ event, data }) => ({ type: event, data }),
        ),
      ),
  ],
  [
    'call-log-golden.json',
    () => logEvents((JSON.parse(read('call-log-golden.json')) as { entries: LogEntry[] }).entries),
  ],
];

(isThere ? it : it.skip).each(RECORDINGS)(`%s makes the same calls in any order${orAbsent(isThere)}`, (_, events) => {
  const recorded = events();
  const calls = [...new Set(recorded.flatMap(({ callId }) => callId ?? []))];
  expect(calls.length).toBeGreaterThan(0);
  const random = new Random(7);
  for (const callId of calls) {
    const durable = durableOf(recorded, callId);
    const inOrder = viewOf(reduce(callId, durable));
    for (let round = 0; round < 20; round += 1)
      expect(viewOf(reduce(callId, correctedLast(shuffled(durable, random))))).toEqual(inOrder);
  }
});

(isThere ? it : it.skip)(`the golden call log says what it said when it was recorded${orAbsent(isThere)}`, () => {
  const { entries } = JSON.parse(read('call-log-golden.json')) as { entries: LogEntry[] };
  const view = viewOf(reduce('CA_golden', durableOf(logEvents(entries), 'CA_golden')));
  expect(view).toMatchObject({ state: 'ended', reason: 'caller_hangup', duration: 18.4, transport: 'phone' });
  expect(view.transcript.map(({ role, text }) => `${role}: ${text}`).slice(-3)).toEqual([
    'bot: It arrives on Thursday.',
    'user: Actually, cancel it.',
    'bot: I can start a return for you right now.',
  ]);
  expect(view.tools.map(({ name }) => name)).toEqual(['lookup_order', 'cancel_order']);
});
