import { LogEntry, decodeLogEntry, isControl, logEntryIn } from '../../src/sources/pinecall/decode.js';
import { decodeLogGap } from '../../src/sources/pinecall/upstream-gap.js';
import { parcelEntries, replayFrames } from '../support/recordings.js';

/** The whole call's entry of this seq, decoded. */
const decoded = (seq: number) => decodeLogEntry(parcelEntries.find((entry) => entry.seq === seq) as LogEntry);
const entry = (type: string, data: Record<string, unknown>, more: Partial<LogEntry> = {}): LogEntry => {
  return { seq: 7, ts: 1786537584.38, call: 'CA_1', agent: 'mara', type, ephemeral: false, data, ...more };
};

describe('an entry of the call log', () => {
  it('is told from an object of wires A and B by its envelope', () => {
    expect(parcelEntries.every((each) => logEntryIn({ ...each }) !== undefined)).toBe(true);
    expect(replayFrames.some(({ data }) => logEntryIn(data) !== undefined)).toBe(false);
    expect(logEntryIn({ ...entry('call.started', {}), call: null })).toMatchObject({ type: 'call.started', seq: 7 });
  });

  it('of the whole call becomes an event of the same call, agent and time', () => {
    for (const each of parcelEntries.filter(({ type }) => !isControl(type))) {
      const { agent, callId, at, identity, data } = decodeLogEntry(each);
      expect({ agent, callId }).toEqual({ agent: 'lucia', callId: 'CA_parcel' });
      expect(data['callId']).toBe('CA_parcel');
      expect(at).toEqual(new Date(Math.round(Number(each.ts) * 1000)));
      expect(identity).toEqual(['call-log', 'CA_parcel', each.seq]);
    }
  });

  it('keeps its type but for the four rows of the vocabulary', () => {
    const renamed = parcelEntries
      .map((each) => [each.type, decodeLogEntry(each).type, each.seq] as const)
      .filter(([before, after]) => before !== after);
    expect(renamed).toEqual([
      ['user.speaking', 'speech.started', 4],
      ['user.message', 'user.speaking', 5],
      ['user.message', 'user.speaking', 6],
      ['user.speaking', 'speech.ended', 9],
    ]);
  });

  it.each([
    [
      'interim user.message',
      5,
      { callId: 'CA_parcel', text: 'Good morning, I want', messageId: 'u1', language: 'en', seq: 5 },
    ],
    ['active user.speaking', 4, { callId: 'CA_parcel', seq: 4 }],
    ['inactive user.speaking', 9, { callId: 'CA_parcel', seq: 9 }],
    ['bot.word', 19, { callId: 'CA_parcel', messageId: 'b1', word: 'Your', seq: 19 }],
    ['bot.interrupted', 31, { callId: 'CA_parcel', messageId: 'b2', atWord: 2, seq: 31 }],
    [
      'bot.corrected',
      33,
      { callId: 'CA_parcel', supersedes: 30, messageId: 'b2', text: 'It comes on Saturday.', seq: 33 },
    ],
    [
      'tool.result',
      35,
      {
        id: 'call_t2',
        name: 'return_parcel',
        result: null,
        ms: 905,
        error: 'parcel_already_left',
        callId: 'CA_parcel',
        seq: 35,
      },
    ],
  ])('%s has wire A’s keys', (_, seq, data) => {
    expect(decoded(seq).data).toEqual(data);
  });

  it('final user.message stays one, with the message’s id', () => {
    const { type, ephemeral, data } = decoded(7);
    expect({ type, ephemeral, messageId: data['messageId'], id: data['id'] }).toEqual({
      type: 'user.message',
      ephemeral: false,
      messageId: 'u1',
      id: undefined,
    });
  });

  it('call.started has a transport in place of the channel', () => {
    expect(decoded(2).data).toMatchObject({ transport: 'phone', direction: 'inbound', from: '+14155550123' });
    expect(decoded(2).data).not.toHaveProperty('channel');
    expect(decodeLogEntry(entry('whatever', { channel: 'phone' })).data).toHaveProperty('channel', 'phone');
  });

  it('is camelCase at the top level only', () => {
    expect(decoded(45).data).toMatchObject({ recordingUrl: 'https://recordings.pinecall.io/CA_parcel.mp3' });
    expect(decoded(45).data['metrics']).toHaveProperty('llm_ttft');
    expect(decoded(34).data['args']).toEqual({ parcel_id: 'P-4402', reason: 'caller_wish' });
    expect(decoded(2).data['metadata']).toEqual({ tenant_id: 'acme', user_id: 'u_12' });
    expect(decoded(30).data['words']).toHaveProperty([0, 'w'], 'It');
    expect(decodeLogEntry(entry('new.type', { a_b2_c: 1, _x: 2, Keep_me: 3 })).data).toMatchObject({ aB2C: 1, _x: 2, Keep_me: 3 }); // prettier-ignore
  });

  it('is ephemeral when its envelope says so, and when its row says so', () => {
    const ephemeral = parcelEntries.filter((each) => decodeLogEntry(each).ephemeral).map(({ seq }) => seq);
    expect(ephemeral).toEqual(parcelEntries.filter((each) => each.ephemeral).map(({ seq }) => seq));
    expect(decodeLogEntry(entry('user.message', { final: false })).ephemeral).toBe(true);
    expect(decodeLogEntry(entry('user.speaking', { active: true })).ephemeral).toBe(true);
    expect(decodeLogEntry(entry('turn.end', { turn: 1 })).ephemeral).toBe(false);
    const said = ['true', 'false', undefined, null, 0, 'no'].map((ephemeral) =>
      decodeLogEntry(entry('x', {}, { ephemeral })),
    );
    expect(said.map(({ ephemeral }) => ephemeral)).toEqual([true, false, false, false, false, false]);
    expect(decodeLogEntry(entry('user.speaking', { active: 'false' })).type).toBe('speech.ended');
    expect(decodeLogEntry(entry('user.message', { final: 'false' })).type).toBe('user.speaking');
  });

  it('of an agent’s log is about the call that its data names, and is told from the call log’s', () => {
    const event = decodeLogEntry(entry('call.started', { call: 'CA_9', channel: 'webrtc' }, { call: null }));
    expect(event).toMatchObject({ callId: 'CA_9', identity: ['agent-log', 'mara', 7] });
    expect(event.data).toEqual({ callId: 'CA_9', transport: 'webrtc', seq: 7 });
  });

  it('that says what could not be replayed becomes a log.gap of that call, once', () => {
    const marker = entry('log.gap', { from: 3, resume_from: 9, snapshot: {} }, { call: null });
    const gap = decodeLogGap(marker, 'CA_1');
    expect(gap).toMatchObject({ type: 'log.gap', callId: 'CA_1', ephemeral: false });
    expect(gap.data).toEqual({ callId: 'CA_1', after: 3, resumeFrom: 9, reason: 'upstream' });
    expect(decodeLogGap({ ...marker, ts: 1 }, 'CA_1').identity).toEqual(gap.identity);
  });

  it('is control, not an event, when it only marks a place', () => {
    expect(parcelEntries.filter(({ type }) => isControl(type)).map(({ type }) => type)).toEqual(['log.caught_up']);
    expect(['connected', 'ping', 'pong', 'log.gap'].every(isControl)).toBe(true);
    expect(isControl(undefined)).toBe(false);
  });
});
