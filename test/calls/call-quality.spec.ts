/** How good a call was: exact where it was measured, null where nobody did, bounded however long the call. */
import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { viewOf, summaryOf, measured } from '../../src/calls/fold/call-view.js';
import { durableOf, logEvents, reduce } from '../support/call-events.js';
import { parcelEntries } from '../support/recordings.js';

type Said = [string, Record<string, unknown>, seconds: number];
const START = Date.parse('2026-08-09T21:50:00.000Z');
const events = (...list: Said[]): CallEvent[] =>
  list.map(([type, data, seconds], index) => ({
    seq: index + 1,
    type,
    data: { agent: 'mara', ...data },
    at: new Date(START + seconds * 1000).toISOString(),
  }));
const view = (...list: Said[]) => viewOf(reduce('c', events(...list)));
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const sumOf = (parts: object | undefined) =>
  Object.values(parts ?? {}).reduce<number>((sum, ms) => sum + (Number(ms) || 0), 0);

test('of the first generation’s golden call is what its turns, tools and times say', () => {
  const { quality, transcript, duration } = viewOf(
    reduce('CA_parcel', durableOf(logEvents(parcelEntries), 'CA_parcel')),
  );
  expect(quality).toEqual({
    latency: { p50: 970, p95: 1220.5, max: 1240, n: 4 },
    tools: { calls: 2, failed: 1 },
    score: null,
    interruptions: 1,
    language: 'en',
    // Ringing 0.4 s; the caller from each turn's start to its words; the agent from words to end; tools beside them.
    parts: { ringing: 400, caller: 2000 + 400, agent: 400 + 1000 + 400, tools: 800 + 400, silence: expect.any(Number) },
  });
  expect(sumOf(quality.parts)).toBe(400 + (duration ?? 0) * 1000);
  expect(transcript.map(({ latencyMs }) => latencyMs)).toEqual([830, 1110, 750, 1240, undefined, undefined]);
  expect(transcript[1]?.endedAt).toBe('2026-08-09T21:50:08.200Z');
});

test('of the second generation’s vocabulary has its latencies, times, confidence and verdicts', () => {
  const judges = [
    { name: 'grounded', verdict: 'held', reason: 'fine' },
    { name: 'consent', verdict: 'broken', reason: 'booked before it was granted' },
    { name: 'promises', verdict: 'skipped' },
  ];
  const { quality, transcript } = view(
    ['call.ringing', { seq: 1 }, 0],
    ['call.started', { seq: 2 }, 2],
    [
      'user.message',
      { messageId: 'u1', text: 'Hola', confidence: 0.94, language: 'es', startedAt: at(3), endedAt: at(5) },
      5.4,
    ],
    ['tool.call', { id: 't1', name: 'find', args: {} }, 5.5],
    ['tool.result', { id: 't1', name: 'find', result: 1, ms: 500 }, 6],
    [
      'bot.speaking',
      { messageId: 'b1', text: 'Claro.', latencyMs: 870, startedAt: at(6), endedAt: at(9), durationMs: 3000 },
      9.1,
    ],
    ['bot.finished', { messageId: 'b1', durationMs: 3000 }, 9.1],
    [
      'bot.speaking',
      { messageId: 'b2', text: 'Y…', latencyMs: 1720, startedAt: at(10), endedAt: at(11), durationMs: 1000 },
      11.1,
    ],
    ['bot.interrupted', { messageId: 'b2', durationMs: 1000 }, 11.1],
    ['call.ended', { reason: 'hangup', duration: 12 }, 14],
    ['call.score', { passed: false, judges, panel: ['consent'] }, 15],
  );
  expect(quality).toEqual({
    latency: { p50: 1295, p95: 1677.5, max: 1720, n: 2 },
    tools: { calls: 1, failed: 0 },
    score: {
      passed: false,
      held: 1,
      judged: 2,
      reason: 'booked before it was granted',
      judges: [
        { name: 'consent', verdict: 'broken', reason: 'booked before it was granted' },
        { name: 'grounded', verdict: 'held', reason: 'fine' },
        { name: 'promises', verdict: 'skipped', reason: null },
      ],
    },
    interruptions: 1,
    language: 'es',
    parts: { ringing: 2000, caller: 2000, agent: 4000, tools: 500, silence: 5500 },
  });
  expect(transcript).toMatchObject([
    { at: at(3), endedAt: at(5), confidence: 0.94 },
    { at: at(6), endedAt: at(9), latencyMs: 870 },
    { at: at(10), endedAt: at(11), latencyMs: 1720, interrupted: true },
  ]);
});

test('is null, never 0, where nobody measured it', () => {
  const { quality, transcript } = view(
    ['call.started', {}, 0],
    ['user.message', { messageId: 'u', text: 'Hi' }, 1],
    ['call.ended', { reason: 'hangup' }, 2],
    ['call.score', { judges: [], notJudged: 'off' }, 3],
  );
  expect(quality).toEqual({
    latency: null,
    tools: { calls: 0, failed: 0 },
    score: null,
    interruptions: 0,
    language: null,
  });
  expect(transcript[0]).not.toHaveProperty('latencyMs');
});

test('is its summary’s where the turns did not say', () => {
  const metrics = { e2e: { p50: 0.97, p90: 1.21, p95: 1.23, max: 1.24, n: 4 } };
  expect(view(['call.summary', { metrics }, 1]).quality.latency).toEqual({ p50: 970, p95: 1230, max: 1240, n: 4 });
});

test('a later score counts, and one that says nothing does not', () => {
  const judges = [{ name: 'grounded', verdict: 'held' }];
  const unjudged: Said = ['call.score', { judges: [], notJudged: 'off' }, 1];
  const judged: Said = ['call.score', { passed: true, judges }, 2];
  for (const list of [
    [unjudged, judged],
    [judged, unjudged],
  ])
    expect(summaryOf(reduce('c', events(...list))).quality.score).toEqual({
      passed: true,
      held: 1,
      judged: 1,
      reason: null,
    });
});

test('parts count time once where two speak at once, and add up also where upstream’s length is shorter', () => {
  const said = (id: string, from: number, until: number): Said[] => [
    ['bot.speaking', { messageId: id, text: 'x', startedAt: at(from), endedAt: at(until) }, until],
  ];
  const caller: Said = ['user.message', { messageId: 'u', text: 'y', startedAt: at(4), endedAt: at(8) }, 8];
  const whole = view(['call.started', {}, 0], ...said('b1', 0, 5), caller, ['call.ended', {}, 10]).quality.parts;
  expect(whole).toEqual({ ringing: 0, agent: 5000, caller: 3000, tools: null, silence: 2000 });
  const cut = view(['call.started', {}, 0], ...said('b1', 0, 5), caller, ['call.ended', { duration: 6 }, 10]).quality
    .parts;
  expect(cut).toEqual({ ringing: 0, agent: 5000, caller: 1000, tools: null, silence: 0 });
  const busy = view(['call.ringing', {}, 0], ...said('b', 1, 2), ['call.ended', { reason: 'busy', duration: 0 }, 3])
    .quality.parts;
  expect(busy).toEqual({ ringing: 3000, agent: 0, caller: null, tools: null, silence: 0 });
});

test('of a call of 8,000 turns is exact, and costs no more with each', () => {
  const turns = Array.from({ length: 8_000 }, (_, index): Said => {
    const begun = index * 10;
    const latencyMs = (index * 7919) % 3000;
    return [
      'bot.speaking',
      { messageId: `b${index}`, text: 'x', latencyMs, startedAt: at(begun), endedAt: at(begun + 4) },
      begun + 4,
    ];
  });
  const list = events(['call.started', {}, 0], ...turns, ['call.ended', {}, 80_000]);
  const state = reduce('c', list);
  const { latency } = measured(state).measures;
  const sorted = turns.map(([, { latencyMs }]) => latencyMs as number).sort((one, other) => one - other);
  expect(latency).toMatchObject({ n: 8_000 });
  // Beyond 512 different values they are told apart to a tenth of a second.
  expect(Math.abs((latency?.p50 ?? 0) - (sorted[4_000] ?? 0))).toBeLessThan(60);
  expect(viewOf(state).quality.parts).toMatchObject({ agent: 32_000_000, silence: 48_000_000 });
  const { parts: _parts, ...head } = state;
  expect(JSON.stringify(head).length).toBeLessThan(3000);
});
