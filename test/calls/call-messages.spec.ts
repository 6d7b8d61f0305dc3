import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { viewOf } from '../../src/calls/fold/call-view.js';
import { eventsOf, reduce } from '../support/call-events.js';

const viewOfCall = (callId: string, events: readonly CallEvent[]) => viewOf(reduce(callId, events));
const texts = (list: CallEvent[]) => viewOfCall('c', list).transcript.map(({ text }) => text);

describe('what was said', () => {
  it('keeps every line of a chat, whose messages have no ids', () => {
    expect(
      texts(
        eventsOf(
          ['user.message', { messageId: '', text: 'one' }],
          ['bot.speaking', { messageId: '', text: 'two' }],
          ['user.message', { messageId: '', text: 'three' }],
        ),
      ),
    ).toEqual(['one', 'two', 'three']);
  });

  it('of a streamed reply is its confirmed text, in the place where it began', () => {
    const list = eventsOf(
      ['bot.speaking', { messageId: 'b1', text: '' }],
      ['user.message', { messageId: 'u1', text: 'yes' }],
      ['message.confirmed', { messageId: 'b1', text: 'Shall I?' }],
    );
    expect(texts(list)).toEqual(['Shall I?', 'yes']);
    expect(texts(list.slice(0, 1))).toEqual([]);
  });

  it('of a reply that was cut off before anybody wrote it down is marked, and of one that was rejected is nothing', () => {
    const list = eventsOf(
      ['bot.speaking', { messageId: 'b1', text: '' }],
      ['bot.interrupted', { messageId: 'b1', wordsSpoken: 3 }],
      ['bot.speaking', { messageId: 'b2', text: 'never mind' }],
      ['reply.rejected', { messageId: 'b2' }],
    );
    expect(viewOfCall('c', list).transcript).toMatchObject([{ text: '', interrupted: true, wordsSpoken: 3 }]);
  });

  it('is corrected by upstream’s number, a correction of a correction too, and by the message’s id where that is unknown', () => {
    const list = eventsOf(
      ['bot.speaking', { messageId: 'b1', text: 'Tuesday', seq: 30 }],
      ['bot.speaking', { messageId: 'b2', text: 'Monday', seq: 31 }],
      ['bot.corrected', { supersedes: 30, messageId: 'b9', text: 'Thursday', seq: 40 }],
      ['bot.corrected', { supersedes: 40, text: 'Friday', seq: 41 }],
      ['bot.corrected', { supersedes: 99, messageId: 'b2', text: 'Sunday', seq: 42 }],
      ['bot.corrected', { supersedes: 99, messageId: 'nobody', text: 'never', seq: 43 }],
    );
    expect(texts(list)).toEqual(['Friday', 'Sunday']);
  });

  it('is what the last of its corrections says, in the order of the log', () => {
    const corrections = Array.from({ length: 120 }, (_, index): [string, Record<string, unknown>] => [
      'bot.corrected',
      { supersedes: 30, text: `version ${index}`, seq: 100 + index },
    ]);
    const list = eventsOf(['bot.speaking', { messageId: 'b1', text: 'Tuesday', seq: 30 }], ...corrections);
    for (const count of [1, 2, 10, 50, 100, 120])
      expect(texts(list.slice(0, count + 1))).toEqual([`version ${count - 1}`]);
  });

  it('in a chat names the contact, and no message is lost for want of an id', () => {
    const list = eventsOf(
      ['whatsapp.message', { sessionId: 'WA', from: '+34633333333', name: 'Ana', text: 'Hola', messageId: 'w1' }],
      ['whatsapp.response', { sessionId: 'WA', to: '+34633333333', text: '¡Hola Ana!' }],
      ['whatsapp.response', { sessionId: 'WA', to: '+34633333333', text: '¿Qué tal?' }],
    );
    expect(viewOfCall('WA', list)).toMatchObject({
      from: '+34633333333',
      name: 'Ana',
      transport: 'whatsapp',
      state: 'live',
    });
    expect(texts(list)).toEqual(['Hola', '¡Hola Ana!', '¿Qué tal?']);
  });
});
