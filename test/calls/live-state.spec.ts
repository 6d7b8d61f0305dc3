import { type LiveState, applyLive, liveStateOf } from '../../src/calls/fold/live-state.js';
import { agentEvents, logEvents } from '../support/call-events.js';
import { parcelEntries, wsFrames } from '../support/recordings.js';

type Step = [string, Record<string, unknown>?];

/** The states after each of the events. */
function play(steps: readonly Step[], from: LiveState = liveStateOf('live')): LiveState[] {
  let state = from;
  return steps.map(([type, data = {}]) => (state = applyLive(state, { type, data })));
}
const turns = (steps: readonly Step[], from?: LiveState) => play(steps, from).map(({ turn }) => turn);
const recorded = (events: ReturnType<typeof agentEvents>, callId: string) =>
  events.filter((event) => event.callId === callId).map(({ type, data }): Step => [type, data]);

describe('whose turn it is', () => {
  it('goes from ringing to listening, thinking and speaking, and ends', () => {
    const steps: Step[] = [
      ...([['call.ringing'], ['call.started'], ['speech.started'], ['user.speaking', { text: 'Ho' }]] as Step[]),
      ...([['speech.ended'], ['user.message', { text: 'Hola' }], ['eager.turn'], ['turn.end']] as Step[]),
      ...([
        ['bot.speaking', { messageId: 'b', text: 'Sí' }],
        ['bot.word', { messageId: 'b', word: 'Sí' }],
      ] as Step[]),
      ...([
        ['bot.finished', { messageId: 'b' }],
        ['call.ended'],
        ['bot.word', { messageId: 'b', word: 'late' }],
      ] as Step[]),
    ];
    expect(turns(steps, liveStateOf('ringing'))).toEqual([
      'ringing',
      'listening',
      'listening',
      'listening',
      'listening',
      'thinking',
      'thinking',
      'thinking',
      'speaking',
      'speaking',
      'listening',
      'ended',
      'ended',
    ]);
  });

  it('stays the agent’s until it is cut off, and the end of its own turn makes it think of nothing', () => {
    expect(
      turns([
        ...([
          ['bot.speaking', { messageId: 'b', text: 'Well' }],
          ['speech.started'],
          ['bot.word', { messageId: 'b', word: 'Well' }],
        ] as Step[]),
        ...([['bot.interrupted', { messageId: 'b' }]] as Step[]),
      ]),
    ).toEqual(['speaking', 'speaking', 'speaking', 'listening']);
    expect(
      turns([
        ['turn.start', { role: 'bot' }],
        ['bot.speaking', { messageId: 'b', text: 'x' }],
        ['bot.finished', { messageId: 'b' }],
        ['turn.end'],
      ]),
    ).toEqual(['thinking', 'speaking', 'listening', 'listening']);
  });

  it('in a chat is never speaking, and nobody’s while a person has taken over', () => {
    expect(
      turns([
        ['user.message', { messageId: '' }],
        ['bot.speaking', { messageId: '', text: 'whole' }],
      ]),
    ).toEqual(['thinking', 'listening']);
    expect(
      turns([['whatsapp.message', { paused: false }], ['whatsapp.response'], ['whatsapp.message', { paused: true }]]),
    ).toEqual(['thinking', 'listening', 'listening']);
  });

  it('of the recorded calls comes to each of its states, and to the end', () => {
    const overB = recorded(agentEvents(wsFrames), 'CA_abc');
    expect(new Set(turns(overB))).toEqual(new Set(['listening', 'thinking', 'speaking', 'ended']));
    const overC = recorded(logEvents(parcelEntries), 'CA_parcel');
    expect(new Set(turns(overC))).toEqual(new Set(['ringing', 'listening', 'thinking', 'speaking', 'ended']));
  });
});

describe('words that are being said', () => {
  it('grow with every word, of which a repeat is none', () => {
    const word = (word: string, wordIndex: number): Step => ['bot.word', { messageId: 'b', word, wordIndex }];
    const states = play([
      ['bot.speaking', { messageId: 'b', text: '' }],
      word('Guten', 0),
      word('Guten', 0),
      word('Tag.', 1),
    ]);
    expect(states.map(({ reply }) => reply?.spoken)).toEqual(['', 'Guten', 'Guten', 'Guten Tag.']);
    expect(states.at(-1)?.reply).toEqual({ messageId: 'b', planned: null, spoken: 'Guten Tag.', words: 2 });
  });

  it('of a streamed reply stay until its text is confirmed, of a prepared one until it is finished', () => {
    const streamed = play([
      ['bot.speaking', { messageId: 'b', text: '' }],
      ['bot.word', { messageId: 'b', word: 'So' }],
      ['bot.finished', { messageId: 'b' }],
      ['message.confirmed', { messageId: 'b', text: 'So' }],
    ]);
    expect(streamed.map(({ reply }) => reply?.spoken)).toEqual(['', 'So', 'So', undefined]);
    const prepared = play([
      ['bot.speaking', { messageId: 'b', text: 'So it is' }],
      ['bot.word', { messageId: 'b', word: 'So' }],
      ['bot.finished', { messageId: 'b' }],
    ]);
    expect(prepared.map(({ reply }) => reply?.planned)).toEqual(['So it is', 'So it is', undefined]);
  });

  it('of the caller are what was understood last, until the message stands', () => {
    const states = play([
      ['user.speaking', { messageId: 'u', text: 'Ho' }],
      ['user.speaking', { messageId: 'u', text: 'Hola' }],
      ['user.message', { messageId: 'u', text: 'Hola.' }],
    ]);
    expect(states.map(({ hearing }) => hearing?.text)).toEqual(['Ho', 'Hola', undefined]);
  });

  it('are seen from the next one on by who comes late', () => {
    expect(play([['bot.word', { messageId: 'b', word: 'later', wordIndex: 7 }]])[0]).toMatchObject({
      turn: 'speaking',
      reply: { spoken: 'later', words: 8 },
    });
  });
});
