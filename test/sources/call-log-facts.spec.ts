/**
 * What the call log says of a call in odd ways, and what is made of it: gaps with a snapshot, names like the
 * envelope's, words.
 */
import { Harness } from '../support/call-log-harness.js';
import type { Frame } from '../support/voice-log.js';

const CALL = 'CA_1';
const AUGUST = 1786312200;
let harness: Harness;

const frame = (seq: number, type: string, data: Record<string, unknown>, more: Partial<Frame> = {}): Frame => ({
  seq,
  ts: AUGUST + seq,
  call: CALL,
  agent: 'mara',
  type,
  ephemeral: false,
  data,
  ...more,
});
const dataOf = (type: string) => harness.sink.events.find((event) => event.type === type)?.data;

async function read(...frames: Frame[]): Promise<void> {
  harness = await Harness.create('mara');
  harness.server.call(CALL, 'mara', [...frames, frame(900, 'call.summary', { reason: 'hangup' })]);
  void harness.start();
  await harness.until(() => harness.server.open('agent:mara').length === 1);
  harness.server.release(CALL, 1);
  await harness.until(() => harness.server.open(`call:${CALL}`).length === 1); // What is live only comes to who is there.
  harness.server.release(CALL);
  await harness.finished(CALL);
}
afterEach(() => harness.tearDown());

test('an entry’s own facts under names of our envelope stand beside them', async () => {
  await read(
    frame(1, 'call.started', { from: '+1', agent: 'mara' }),
    frame(2, 'call.routed', { agent: 'julia' }),
    frame(3, 'call.attached', { seq: 77, at: 'desk', call_id: 'other', note_text: 'x' }),
  );
  expect(dataOf('call.started')).toEqual({ callId: CALL, from: '+1', seq: 1 });
  expect(dataOf('call.routed')).toEqual({ callId: CALL, entryAgent: 'julia', seq: 2 });
  const attached = { callId: CALL, entrySeq: 77, entryAt: 'desk', entryCallId: 'other', noteText: 'x', seq: 3 };
  expect(dataOf('call.attached')).toEqual(attached);
});

test('a reply that nobody confirms takes its words along when it ends, and a confirmed one needs none', async () => {
  const word = (seq: number, id: string, w: string) => frame(seq, 'bot.word', { id, w }, { ephemeral: true });
  await read(
    frame(0, 'call.started', { from: '+1' }),
    frame(1, 'bot.speaking', { id: 'b1', text: '' }),
    word(2, 'b1', 'Yes,'),
    word(3, 'b1', 'from'),
    word(4, 'b1', 'ten.'),
    frame(5, 'bot.finished', { id: 'b1' }),
    frame(6, 'bot.speaking', { id: 'b2', text: 'All of it.' }),
    word(7, 'b2', 'All'),
    frame(8, 'bot.finished', { id: 'b2' }),
  );
  const finished = harness.sink.events.filter(({ type }) => type === 'bot.finished').map(({ data }) => data['text']);
  expect(finished).toEqual(['Yes, from ten.', undefined]);
});

test('a gap says no time, and what is known of the call besides', async () => {
  harness = await Harness.create('mara');
  const log = harness.server.call(CALL, 'mara', [
    frame(1, 'call.started', { from: '+12185550100', to: '+12185550199', channel: 'phone' }),
    frame(2, 'user.message', { id: 'u1', text: 'Hello', final: true }),
    frame(30, 'call.ended', { reason: 'hangup', duration: 29 }),
    frame(31, 'call.summary', { reason: 'hangup' }),
  ]);
  log.lostBefore = 20;
  log.snapshot = {
    started_at: AUGUST + 1,
    messages: [{ id: 'u1', role: 'user', text: 'Hello', seq: 2 }],
    tool_calls: [{ id: 't1', name: 'find', args: { a: 1 } }],
    ended_reason: null,
  };
  void harness.start();
  await harness.until(() => harness.server.open('agent:mara').length === 1);
  harness.server.release(CALL);
  await harness.finished(CALL);
  const gap = harness.sink.events.find(({ type }) => type === 'log.gap');
  expect(gap?.at).toBeUndefined();
  expect(gap?.data['snapshot']).toEqual({
    startedAt: new Date((AUGUST + 1) * 1000).toISOString(),
    transport: 'phone',
    from: '+12185550100',
    to: '+12185550199',
    messages: [{ role: 'user', text: 'Hello', messageId: 'u1', seq: 2 }],
    toolCalls: [{ id: 't1', name: 'find', args: { a: 1 } }],
  });
});
