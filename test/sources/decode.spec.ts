import { ExactNumber } from '../../src/common/exact-number.js';
import { decodeAgentEvent, isControl } from '../../src/sources/pinecall/decode.js';
import { AgentFrame, replayFrames, sseFrames, wsFrames } from '../support/recordings.js';

const isEphemeral = (type: string) => decodeAgentEvent(type, { agent: 'mara' }).ephemeral;

describe('an event of wires A and B', () => {
  it('is recognised when it comes again: of the captured call, one user.message and one message.confirmed', () => {
    const seen = new Set<string>();
    const repeats = replayFrames.filter(({ type, data }) => {
      const { identity } = decodeAgentEvent(type, data);
      const isRepeat = identity !== undefined && seen.has(JSON.stringify(identity));
      seen.add(JSON.stringify(identity));
      return isRepeat;
    });
    expect(repeats.map(({ type, data }) => [type, data['messageId']])).toEqual([
      ['user.message', '7d20c6e1f4a84b0c9a55b3e8d1f07c64'],
      ['message.confirmed', 'msg_41d7a0c95e22'],
    ]);
  });

  it('without anything unique of its own is never taken for a repeat', () => {
    const chat = replayFrames.find(({ type, data }) => type === 'user.message' && data['messageId'] === '');
    expect(decodeAgentEvent('user.message', chat?.data ?? {}).identity).toBeUndefined();
    expect(decodeAgentEvent('session.paused', { agent: 'julia' }).identity).toBeUndefined();
  });

  it('has one identity on both wires, and no two events of a recording share one', () => {
    const identities = (frames: readonly AgentFrame[]) =>
      frames
        .filter(({ type }) => !isControl(type) && !isEphemeral(type))
        .map(({ type, data }) => decodeAgentEvent(type, data).identity)
        .filter((identity) => identity !== undefined)
        .map((identity) => JSON.stringify(identity));
    const overA = identities(sseFrames.filter(({ data }) => data['agent'] === 'mara'));
    expect(overA.length).toBeGreaterThan(10);
    expect(identities(wsFrames)).toEqual(expect.arrayContaining(overA));
    expect(new Set(identities(sseFrames)).size).toBe(identities(sseFrames).length);
  });

  it.each([
    ['call.started', { callId: 'CA_1', from: '+34', agent: 'mara' }],
    ['skill.loaded', { callId: 'CA_1', skill: 'returns', timestamp: 1795348842.5, agent: 'mara' }],
  ])('%s is the same event with and without an `event` key', (type, data) => {
    const { identity } = decodeAgentEvent(type, data);
    expect(identity).toBeDefined();
    expect(decodeAgentEvent(type, { event: type, ...data }).identity).toEqual(identity);
  });

  it('is another one of another call, of another message, or with another status', () => {
    const identity = (data: Record<string, unknown>) =>
      JSON.stringify(decodeAgentEvent('whatsapp.status', { agent: 'julia', ...data }).identity);
    const all = [
      { sessionId: 'WA_1', messageId: 'm1', status: 'sent' },
      { sessionId: 'WA_1', messageId: 'm1', status: 'delivered' },
      { sessionId: 'WA_1', messageId: 'm2', status: 'sent' },
      { sessionId: 'WA_2', messageId: 'm1', status: 'sent' },
    ].map(identity);
    expect(new Set(all).size).toBe(4);
  });

  it('is ephemeral exactly where pinecall/README.md says so', () => {
    const ephemeral = ['user.speaking', 'bot.word', 'speech.started', 'speech.ended', 'audio.metrics', 'eager.turn'];
    const turns = ['turn.pause', 'turn.end', 'turn.resumed', 'turn.continued'];
    expect([...ephemeral, ...turns].filter((type) => !isEphemeral(type))).toEqual([]);
    const durable = ['call.started', 'call.ended', 'user.message', 'bot.speaking', 'bot.finished', 'bot.interrupted'];
    const others = [
      'message.confirmed',
      'skill.loaded',
      'session.paused',
      'whatsapp.message',
      'bot.words',
      'x.turn.end',
    ];
    expect([...durable, ...others].filter(isEphemeral)).toEqual([]);
  });

  it('passes whole when its type is unknown', () => {
    const data = { callId: 'CA_1', agent: 'mara', snake_case: { 'as-it': ['is'] } };
    const event = decodeAgentEvent('brand.new', data);
    expect(event).toMatchObject({ type: 'brand.new', agent: 'mara', callId: 'CA_1', ephemeral: false });
    expect(event.data).toEqual(data);
  });

  it.each([
    ['whatsapp.session_ended', 'whatsapp.sessionEnded'],
    ['whatsapp.session_started', 'whatsapp.sessionStarted'],
    ['whatsapp.sessionEnded', 'whatsapp.sessionEnded'],
    ['call.dtmf_received', 'call.dtmf_received'],
  ])('%s, as a payload’s own `event` says it, is %s', (word, type) => {
    const ended = { sessionId: 'wa-1', duration: 62, reason: 'inactivity', agent: 'mara' };
    expect(decodeAgentEvent(word, ended)).toMatchObject({ type, data: ended });
  });

  it('is another piece of its message, and no repeat, where its text is another', () => {
    const piece = (text: string) =>
      decodeAgentEvent('bot.speaking', { callId: 'CA_1', messageId: 'b1', text, agent: 'mara' }).identity;
    expect(piece('from ten.')).not.toEqual(piece('Yes, '));
    expect(piece('Yes, ')).toEqual(piece('Yes, '));
  });

  it('takes the session for the call only on WhatsApp', () => {
    expect(decodeAgentEvent('whatsapp.message', { sessionId: 'WA_1' }).callId).toBe('WA_1');
    expect(decodeAgentEvent('speech.started', { sessionId: 'CA_1' }).callId).toBeUndefined();
  });

  it.each([
    [{ timestamp: 1795348842.527 }, '2026-11-22T12:00:42.527Z'],
    [{ timestamp: '2026-08-09T23:10:00+02:00' }, '2026-08-09T21:10:00.000Z'],
    [{ at: null, timestamp: undefined, ts: 1795348842527 }, '2026-11-22T12:00:42.527Z'],
  ])('happened at the time that its data says: %j', (said, at) => {
    expect(decodeAgentEvent('call.started', said).at).toEqual(new Date(at));
  });

  it('happened when it came in where nothing says a time, and at no time where what should say it does not', () => {
    expect(decodeAgentEvent('call.started', { at: null }).at).toBeUndefined();
    expect(decodeAgentEvent('call.started', { ts: 'call 12' }).at).toEqual({ unreadable: 'ts' });
    expect(decodeAgentEvent('call.started', { at: {}, timestamp: 1795348842 }).at).toEqual({ unreadable: 'at' });
    expect(decodeAgentEvent('call.started', {}, { at: '2026-08-09' }).at).toEqual(new Date('2026-08-09'));
  });

  it('has ids that are numbers as the text of their digits', () => {
    const event = decodeAgentEvent('bot.speaking', { callId: 7, messageId: 12, agent: 'mara' });
    expect(event.data).toEqual({ callId: '7', messageId: 12, agent: 'mara' });
    expect([event.callId, event.identity]).toEqual(['7', ['message', 'mara', '7', 'bot.speaking', '12', undefined]]);
    expect(decodeAgentEvent('whatsapp.message', { sessionId: 7 }).callId).toBe('7');
    const id = (text: string) => decodeAgentEvent('x', { callId: new ExactNumber(text) }).callId;
    expect(id('9007199254740993')).toBe('9007199254740993');
    expect([id('1e400'), decodeAgentEvent('x', { callId: 1.5 }).callId]).toEqual([new ExactNumber('1e400'), 1.5]);
  });
});
