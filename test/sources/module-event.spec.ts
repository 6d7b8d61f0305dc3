import { fieldsOf } from '../../src/sources/pinecall/module-event.js';

const OF_A_CALL = { from: '+34611111111', to: '+34910000000', direction: 'inbound', transport: 'phone' };

/** As the SDK's may be: linked to everything, with more of the inside than a customer may see. */
class Call {
  readonly id = 'CA_1';
  readonly apiKey = 'pk_inside';
  readonly agent: Record<string, unknown> = { name: 'mara' };
  readonly duration = 42;
  constructor() {
    Object.assign(this, OF_A_CALL);
    this.agent['itself'] = this.agent;
  }
}

describe('what the SDK hands to a listener', () => {
  const call = new Call();
  const plainCall = { id: 'CA_1', ...OF_A_CALL, agent: call.agent };
  const withCall = { callId: 'CA_1', ...OF_A_CALL, skill: 'x', agent: 'mara' };

  it.each([
    ['(data)', [{ callId: 'CA_1', skill: 'x', agent: 'mara' }], { callId: 'CA_1', skill: 'x', agent: 'mara' }],
    ['(data, call)', [{ skill: 'x' }, call], withCall],
    ['(call, data)', [call, { skill: 'x' }], withCall],
    ['(data, call) whose call is a plain object', [{ skill: 'x' }, plainCall], withCall],
    ['(call, data) whose call is a plain object', [plainCall, { skill: 'x' }], withCall],
    ['(id, data, callback)', ['CA_1', withCall, () => undefined], withCall],
    ['data with links', [{ skill: 'x', call: plainCall, agent: call.agent }], withCall],
    [
      'data of a class',
      [Object.assign(new (class Loaded {})(), { skill: 'x', agent: 'mara', _in: 1 })],
      { skill: 'x', agent: 'mara' },
    ],
    [
      'data that names another agent than the call',
      [{ skill: 'x', agent: 'julia' }, call],
      { ...withCall, agent: 'julia' },
    ],
  ])('is understood as %s', (_, args, fields) => {
    expect(fieldsOf('skill.loaded', args)).toEqual(fields);
  });

  it('is nothing without an object', () => {
    expect(fieldsOf('user.message', ['text', 1, null, [{}]], 'mara')).toBeUndefined();
  });

  it('is of the agent that it names, else of its emitter’s, else of the one with that id', () => {
    const agent = (data: object, emitter?: string) => fieldsOf('user.message', [data], emitter)?.['agent'];
    expect(agent({ agent: 'julia', agentId: 'a1' }, 'mara')).toBe('julia');
    expect(agent({ agentId: 'a1' }, 'mara')).toBe('mara');
    expect(agent({ agentId: 'a1' })).toBe('a1');
    expect(agent({ text: 'x' })).toBeUndefined();
  });

  it('gives away nothing of a call object but what wire A says of a call, and how it ended', () => {
    expect(fieldsOf('call.started', [call])).toEqual({ callId: 'CA_1', ...OF_A_CALL, agent: 'mara' });
    const ended = { callId: 'CA_1', ...OF_A_CALL, duration: 42, reason: 'hangup', agent: 'mara' };
    expect(fieldsOf('call.ended', [call, 'hangup'])).toEqual(ended);
    expect(fieldsOf('call.ended', [{ callId: 'CA_1', reason: 'busy' }, call])).toMatchObject({
      reason: 'busy',
      duration: 42,
    });
  });

  it('is copied as JSON would have it, and stays as it was', () => {
    const odd = {
      when: new Date(0),
      big: 2n ** 60n,
      run: () => 1,
      list: [() => 1, undefined],
      map: new Map(),
      _id: 'theirs',
    };
    const fields = fieldsOf('tool.result', [odd], 'mara');
    const json = { when: '1970-01-01T00:00:00.000Z', big: '1152921504606846976', list: [null, null], _id: 'theirs' };
    expect(fields).toEqual({ ...json, agent: 'mara' });
    expect(Object.keys(odd)).toHaveLength(6);
  });

  it('is refused when it is cyclic, too deep or shares itself without end', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = [cyclic, cyclic];
    const shared = Array.from({ length: 24 }).reduce<unknown>((inner) => [inner, inner], 'x');
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 'x');
    for (const data of [cyclic, { shared }, { deep }]) {
      expect(() => fieldsOf('tool.result', [data], 'mara')).toThrow(/^the event is/);
    }
  });
});
