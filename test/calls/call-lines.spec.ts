/**
 * Which events of a call are one line: pieces, growing texts, repeats, finals that say all again, words, and what a gap
 * still knows.
 */
import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { viewOf } from '../../src/calls/fold/call-view.js';
import { reduce } from '../support/call-events.js';

type Said = [string, Record<string, unknown>, ms?: number];
const START = Date.parse('2026-08-09T21:50:00.000Z');

/** A second apart, or when each says. */
const events = (...list: Said[]): CallEvent[] =>
  list.map(([type, data, ms], index) => ({
    seq: index + 1,
    type,
    data: { agent: 'mara', ...data },
    at: new Date(START + (ms ?? index * 1000)).toISOString(),
  }));
const view = (...list: Said[]) => viewOf(reduce('c', events(...list)));
const lines = (...list: Said[]) => view(...list).transcript.map(({ role, text }) => `${role}: ${text}`);
const bot = (text: string, messageId: unknown = ''): Said => ['bot.speaking', { messageId, text, transport: 'chat' }];
const user = (text: string, messageId = ''): Said => ['user.message', { messageId, text }];

describe('a reply that comes in pieces is one line', () => {
  it.each([
    ['of one id', 'b1', ['Yes, ', 'from ten.'], 'Yes, from ten.'],
    ['without an id', '', ['Yes, ', 'from ten.'], 'Yes, from ten.'],
    ['whose text grows', 'b1', ['Yes', 'Yes, from', 'Yes, from ten.'], 'Yes, from ten.'],
    ['whose text grows, without an id', '', ['Yes', 'Yes, from ten.'], 'Yes, from ten.'],
    ['of which one is there already', 'b1', ['Yes, from ten.', 'from ten.', 'Yes,'], 'Yes, from ten.'],
    ['that says a word twice', 'b1', ['No', ', ', 'no', ', ', 'no'], 'No, no, no'],
    ['of whole sentences', '', ['Hello Ana!', 'How are you today?'], 'Hello Ana! How are you today?'],
  ])('%s', (_, id, pieces, text) => {
    expect(lines(user('Open?'), ...pieces.map((piece) => bot(piece, id)))).toEqual(['user: Open?', `bot: ${text}`]);
  });

  it('up to the next message of the user', () => {
    const said = [bot('Yes, '), bot('from ten.'), user('And until?'), bot('Until '), bot('six.')];
    expect(lines(...said)).toEqual(['bot: Yes, from ten.', 'user: And until?', 'bot: Until six.']);
  });

  it('goes on after a reload, and its confirmed text counts', () => {
    const list = events(bot('Yes, ', 'b1'), bot('from ten.', 'b1'), [
      'message.confirmed',
      { messageId: 'b1', text: 'Yes!' },
    ]);
    expect(viewOf(reduce('c', list)).transcript.map(({ text }) => text)).toEqual(['Yes!']);
  });

  it('is bounded, however many there are', () => {
    const pieces = Array.from({ length: 3000 }, (_, index) => bot(` word${index}`, 'b1'));
    const [line] = view(...pieces).transcript;
    expect(line?.text).toContain(' word2999');
    const state = JSON.stringify(reduce('c', events(...pieces)).parts);
    expect(state.length).toBeLessThan(200_000);
  });
});

describe('what a user says', () => {
  const final = (text: string, messageId: string, seq: number): Said => [
    'user.message',
    { messageId, text, final: true, seq },
  ];
  const reply = (seq: number): Said => ['bot.speaking', { messageId: `b${seq}`, text: 'Sure.', seq }];

  it('in the finals of one turn is what the last of them says, until the agent speaks', () => {
    const said = [final('I need', 'u1', 1), final('I need a table', 'u1b', 2), reply(3), final('For two', 'u2', 4)];
    expect(lines(...said)).toEqual(['user: I need a table', 'bot: Sure.', 'user: For two']);
  });

  it('in the finals of one turn is one line however they come in', () => {
    const start: Said = ['call.started', { seq: 0 }];
    const late = [start, final('I need a table', 'u1b', 2), final('I need', 'u1', 1), reply(3)];
    expect(lines(...late)).toEqual(['user: I need a table', 'bot: Sure.']);
    const between = [start, final('One', 'u1', 1), final('Two', 'u2', 3), reply(2)];
    expect(lines(...between)).toEqual(['user: One', 'bot: Sure.', 'user: Two']);
  });

  it('over wires without finals is a line each', () => {
    expect(lines(user('I need', 'u1'), user('a table', 'u2'))).toEqual(['user: I need', 'user: a table']);
  });

  it('twice within two seconds in a chat is one line, and later two', () => {
    const at = (text: string, ms: number): Said => ['user.message', { messageId: '', turnId: 0, text }, ms];
    expect(lines(at('Hi', 0), at('Hi', 1900))).toEqual(['user: Hi']);
    expect(lines(at('Hi', 0), bot('Hello'), at('Hi', 2100))).toEqual(['user: Hi', 'bot: Hello', 'user: Hi']);
    expect(lines(at('Hi', 0), at('Hi!', 100))).toEqual(['user: Hi', 'user: Hi!']);
  });
});

describe('a call that is read from a log', () => {
  it('stands in the log’s order, whatever the order in which its entries came in', () => {
    const list: Said[] = [
      ['call.started', { seq: 1 }],
      ['bot.speaking', { messageId: 'b2', text: 'Fourth', seq: 9 }],
      ['tool.result', { id: 't', name: 'find', result: 1, seq: 7 }],
      ['user.message', { messageId: 'u1', text: 'First', seq: 3 }],
      ['tool.call', { id: 't', name: 'find', args: {}, seq: 6 }],
      ['bot.speaking', { messageId: 'b1', text: 'Second', seq: 5 }],
    ];
    const { transcript, tools } = view(...list);
    expect(transcript.map(({ text, order }) => [order, text])).toEqual([[3, 'First'], [5, 'Second'], [9, 'Fourth']]); // prettier-ignore
    expect(tools.map(({ order }) => order)).toEqual([6]);
  });

  it('over wire A, whose starts have no number, stands as it came in', () => {
    const list: Said[] = [['call.started', {}], ['bot.speaking', { messageId: 'b', text: 'One' }], ['user.message', { messageId: 'u', text: 'Two', seq: 3 }]]; // prettier-ignore
    expect(lines(...list)).toEqual(['bot: One', 'user: Two']);
  });

  it('takes no time from a gap, and from its snapshot what nobody else says', () => {
    const snapshot = {
      startedAt: '2026-08-09T21:40:00.000Z',
      from: '+1',
      to: '+2',
      transport: 'phone',
      endedReason: 'hangup',
      messages: [{ role: 'user', text: 'Hello', messageId: 'u1' }, { role: 'bot', text: 'Hi!' }, { nonsense: 1 }],
      toolCalls: [{ id: 't', name: 'find', args: { a: 1 }, result: 2 }, null],
    };
    const gap: Said = ['log.gap', { after: 0, resumeFrom: 20, reason: 'upstream', snapshot }, 9e9];
    const call = view(gap, ['call.ended', { reason: 'hangup', seq: 21 }]);
    expect(call).toMatchObject({
      startedAt: '2026-08-09T21:40:00.000Z',
      endedAt: '2026-08-09T21:50:01.000Z',
      duration: 601,
      from: '+1',
      to: '+2',
      transport: 'phone',
      incomplete: true,
    });
    expect(call.transcript.map(({ role, text }) => `${role}: ${text}`)).toEqual(['user: Hello', 'bot: Hi!']);
    expect(call.tools).toMatchObject([{ id: 't', name: 'find', arguments: { a: 1 }, result: 2 }]);
  });

  it('begins no later than it ended, also when the gap is all that is known of its beginning', () => {
    const gap: Said = ['log.gap', { after: 0, resumeFrom: 20 }, 9e9];
    const { startedAt, endedAt } = view(gap, ['call.ended', { reason: 'hangup' }]);
    expect([startedAt, endedAt]).toEqual(['2026-08-09T21:50:01.000Z', '2026-08-09T21:50:01.000Z']);
  });
});

test('a streamed reply that nobody confirms is the text of its words', () => {
  const list: Said[] = [
    ['bot.speaking', { messageId: 'b1', text: '' }],
    ['bot.finished', { messageId: 'b1', text: 'Yes, from ten.' }],
  ];
  expect(lines(...list)).toEqual(['bot: Yes, from ten.']);
  expect(lines(...list, ['message.confirmed', { messageId: 'b1', text: 'Yes. From 10.' }])).toEqual([
    'bot: Yes. From 10.',
  ]);
});

test('a call that a line has routed is the agent’s that it came to', () => {
  const routed = { agent: 'julia', routedFrom: 'line:+1218' };
  expect(view(['call.started', { agent: 'line:+1218' }], ['call.started', routed], user('Hi', 'u1')).agent).toBe(
    'julia',
  );
});

test('a WhatsApp session ends, with its length and reason', () => {
  const ended: Said = ['whatsapp.sessionEnded', { sessionId: 'wa-1', duration: 62, reason: 'inactivity' }];
  expect(view(ended)).toMatchObject({ state: 'ended', duration: 62, reason: 'inactivity' });
});
