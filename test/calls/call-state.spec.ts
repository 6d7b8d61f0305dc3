import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { type CallView, viewOf } from '../../src/calls/fold/call-view.js';
import { stateOf } from '../../src/calls/fold/resume.js';
import { decodeLogEntry, isControl, type LogEntry } from '../../src/sources/pinecall/decode.js';
import {
  eventsOf,
  type RecordedEvent,
  agentEvents,
  durableOf,
  logEvents,
  reduce,
  shuffled,
  correctedLast,
} from '../support/call-events.js';
import { parcelEntries, replayFrames, sseFrames, wsFrames } from '../support/recordings.js';
import { Random } from '../support/world/random.js';

const viewOfCall = (callId: string, events: readonly CallEvent[]) => viewOf(reduce(callId, events));
const lines = (callId: string, events: readonly RecordedEvent[]) =>
  viewOfCall(callId, durableOf(events, callId)).transcript.map(({ role, text, messageId, interrupted, by }) => ({
    role,
    text,
    messageId,
    interrupted,
    by,
  }));
/**
 * Who goes on with a call does not know how long who had spoken before, nor whose turn it
 * was, nor, before its first line, that a log orders it. */
const withoutParts = ({ quality: { parts: _parts, ...quality }, transcript, tools, ...view }: CallView) => ({
  ...view,
  quality,
  transcript: transcript.map(({ order: _order, latencyMs: _ms, ...entry }) => entry),
  tools: tools.map(({ order: _order, ...tool }) => tool),
});

/** Every recorded call, by the wire that it came over. */
const RECORDED: [string, string, RecordedEvent[]][] = [
  ['A', 'CA_abc', agentEvents(sseFrames)],
  ['A', 'CA_def', agentEvents(sseFrames)],
  ['A', 'CA_ghi', agentEvents(sseFrames)],
  ['A', 'CA_jkl', agentEvents(sseFrames)],
  ['A', 'WA_1', agentEvents(sseFrames)],
  ['A, with repeats', '0b6f4f0e-2d1a-4c55-9e0b-7a41c2d95e10', agentEvents(replayFrames)],
  ['A, with repeats', 'test-qk7rbd2x-m4pw', agentEvents(replayFrames)],
  ['B', 'CA_abc', agentEvents(wsFrames)],
  ['B', 'CA_ghi', agentEvents(wsFrames)],
  ['C', 'CA_parcel', logEvents(parcelEntries)],
];

describe('a call', () => {
  it('of the call log is shown as it was: corrected, interrupted, taken over, with its tools', () => {
    const view = viewOfCall('CA_parcel', durableOf(logEvents(parcelEntries), 'CA_parcel'));
    expect(view).toMatchObject({
      callId: 'CA_parcel',
      agent: 'lucia',
      from: '+14155550123',
      to: '+14155550188',
      direction: 'inbound',
      transport: 'phone',
      state: 'ended',
      reason: 'caller_hangup',
      duration: 18.4,
      incomplete: false,
      startedAt: '2026-08-09T21:50:00.800Z',
    });
    expect(view.transcript.map(({ role, text }) => `${role}: ${text}`)).toEqual([
      'user: Good morning, I want to move my parcel delivery. Parcel P-4402.',
      'bot: Your parcel P-4402 has left.',
      'user: Which day does it come?',
      'bot: It comes on Saturday.',
      'user: Then send it back.',
      'bot: I am sending it back for you this minute.',
    ]);
    expect(view.transcript[3]).toMatchObject({ messageId: 'b2', interrupted: true, wordsSpoken: 2, corrected: true });
    expect(view.transcript[5]).toMatchObject({ by: 'supervisor:mara' });
    expect(view.tools).toEqual([
      expect.objectContaining({
        id: 'call_t1',
        name: 'find_parcel',
        arguments: { parcel_id: 'P-4402' },
        ms: 412,
        result: { status: 'left', eta: 'Friday' },
      }),
      expect.objectContaining({
        id: 'call_t2',
        arguments: { parcel_id: 'P-4402', reason: 'caller_wish' },
        result: null,
        error: 'parcel_already_left',
      }),
    ]);
  });

  it('says the same whether it came over wire A, B or C', () => {
    const [overA, overB] = [agentEvents(sseFrames), agentEvents(wsFrames)];
    expect(lines('CA_abc', overA)).toHaveLength(4);
    expect(lines('CA_abc', overB)).toEqual(lines('CA_abc', overA));
    expect(lines('CA_ghi', overB)).toEqual(lines('CA_ghi', overA));
    const golden = parcelEntries.filter(({ type }) => !isControl(type)).map(decodeLogEntry);
    const asFrames = golden.map(({ type, data }) => ({ type: String(type), data: { ...data, agent: 'lucia' } }));
    expect(lines('CA_parcel', agentEvents(asFrames))).toEqual(lines('CA_parcel', logEvents(parcelEntries)));
    const asEntries = durableOf(overA, 'CA_abc').flatMap(({ type, at, data }, index): LogEntry[] => {
      const { messageId: id, transport: channel, callId: _call, agent: _agent, ...rest } = data;
      if (type === 'message.confirmed') return [];
      const fields = {
        ...rest,
        ...(id === undefined ? { channel } : { id }),
        ...(type === 'user.message' ? { final: true } : {}),
      };
      return [
        {
          seq: index + 1,
          ts: Date.parse(at) / 1000,
          call: 'CA_abc',
          agent: 'mara',
          type,
          ephemeral: false,
          data: fields,
        },
      ];
    });
    expect(lines('CA_abc', logEvents(asEntries))).toEqual(lines('CA_abc', overA));
  });

  it.each(RECORDED)(
    'over wire %s (%s) is the same in any order, repeated, and resumed at any place',
    (_, callId, all) => {
      const own = durableOf(all, callId);
      const view = viewOfCall(callId, own);
      expect(own.length).toBeGreaterThan(1);
      for (let seed = 1; seed <= 25; seed++) {
        const random = new Random(seed);
        const often = correctedLast(shuffled([...own, ...own.filter(() => random.chance(0.5))], random));
        expect([seed, viewOfCall(callId, often)]).toEqual([seed, view]);
      }
      // A correction names what it supersedes by upstream's number, which an answer does not carry: its message's id
      // does then.
      for (let after = 1; after <= own.length; after++) {
        const answered = viewOf(reduce(callId, own.slice(0, after)));
        const resumed = reduce(callId, own.slice(after), stateOf(answered, own[after - 1]?.seq ?? 0));
        expect({ after, ...withoutParts(viewOf(resumed)) }).toEqual({ after, ...withoutParts(view) });
      }
    },
  );

  it('of chance is the same in any order, whatever its events say', () => {
    const types = ['call.ringing', 'call.started', 'call.ended', 'call.summary', 'user.message', 'bot.speaking', 'bot.finished',
      'bot.interrupted', 'bot.corrected', 'message.confirmed', 'reply.rejected', 'tool.call', 'tool.result', 'llm.toolCall',
      'llm.tool_result', 'supervisor.said', 'handoff.active', 'handoff.released', 'whatsapp.message', 'whatsapp.response', 'whatsapp.sessionEnded', 'log.gap',
      'constructor', '__proto__', 'toString']; // prettier-ignore
    const ids = ['', 'a', 'b', '__proto__', 'constructor', '#3', undefined];
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const list = eventsOf(
        ...Array.from({ length: 30 }, (): [string, Record<string, unknown>] => {
          const type = random.pick(types);
          // A line without an id is joined to the one before it: those come in order.
          const isJoined = type === 'bot.speaking' || type === 'user.message';
          const id = random.pick(ids) || (isJoined ? 'n' : undefined);
          return [
            type,
            {
              messageId: id,
              id,
              toolCallId: random.chance(0.5) ? id : undefined,
              seq: random.below(12),
              text: random.pick(['', 'x', 'y', null, 7]),
              by: random.pick(['p', 'q']),
              supersedes: random.below(12),
              reason: random.pick(['hangup', 'busy', undefined]),
              duration: random.pick([1, 2, '3', undefined]),
              from: random.pick(['+1', '+2', 5]),
              args: random.pick(['{"a":1}', '{', { b: 2 }]),
              result: random.below(3),
              toolCalls: random.pick([[{ id, name: 'n', arguments: '{}' }, { id: '' }], 'none', [null, 4]]),
              agent: random.pick(['mara', 'julia']),
            },
          ];
        }),
      );
      const view = JSON.stringify(viewOfCall('c', list));
      expect([seed, JSON.stringify(viewOfCall('c', correctedLast(shuffled([...list, ...list], random))))]).toEqual([
        seed,
        view,
      ]);
    }
  });

  it('takes 2,000 messages at the same cost each, and leaves the states before as they were', () => {
    const said = (index: number) =>
      eventsOf(['user.message', { messageId: `m${index}`, text: `text ${index}` }])[0] as CallEvent;
    const many = Array.from({ length: 2000 }, (_, index) => ({ ...said(index), seq: index + 1 }));
    const early = reduce('c', many.slice(0, 1000));
    const before = JSON.stringify(viewOf(early));
    const late = reduce('c', many.slice(1000), early);
    expect(JSON.stringify(viewOf(early))).toBe(before);
    expect(viewOf(late).transcript).toHaveLength(2000);
  });
});

describe('a call’s course', () => {
  it('rings until it starts or somebody speaks, and ends by its end or by its summary', () => {
    const list = eventsOf(
      ['call.ringing', { from: '+1' }],
      ['call.started', {}],
      ['call.ended', { reason: 'hangup' }],
      ['call.summary', { reason: 'other', duration: 9 }],
    );
    const at = (count: number) => viewOfCall('c', list.slice(0, count));
    expect([at(1).state, at(2).state, at(3).state]).toEqual(['ringing', 'live', 'ended']);
    expect(viewOfCall('c', [list[0] as CallEvent, ...eventsOf(['user.message', { text: 'hi' }])]).state).toBe('live');
    // Lasted from its start to its end where nobody says how long; the summary knows it better than nothing.
    expect(at(3)).toMatchObject({ startedAt: list[1]?.at, endedAt: list[2]?.at, duration: 1, reason: 'hangup' });
    expect(at(4)).toMatchObject({ endedAt: list[2]?.at, duration: 9, reason: 'hangup' });
    expect(viewOfCall('c', [list[1] as CallEvent, list[3] as CallEvent])).toMatchObject({
      state: 'ended',
      reason: 'other',
    });
  });

  it('shows that a person was asked for, or has taken over, until the agent has it back', () => {
    const by = 'supervisor:ana';
    const list = eventsOf(['handoff.requested', { by }], ['handoff.active', { by }], ['handoff.released', { by }]);
    const shown = [1, 2, 3].map((count) => viewOfCall('c', list.slice(0, count)).handoff);
    expect(shown).toEqual([
      { state: 'requested', by, at: list[0]?.at },
      { state: 'active', by, at: list[1]?.at },
      undefined,
    ]);
  });

  it('is incomplete when the call log had a hole', () => {
    expect(viewOfCall('c', eventsOf(['call.started', {}], ['log.gap', { after: 3, resumeFrom: 9 }])).incomplete).toBe(
      true,
    );
  });

  it('keeps numbers in a tool’s JSON text that a double would round', () => {
    const [tool] = viewOfCall(
      'c',
      eventsOf(['tool.call', { id: 't', name: 'pay', args: '{"iban":12345678901234567890}' }]),
    ).tools;
    expect(tool?.arguments).toBe('{"iban":12345678901234567890}');
  });
});
