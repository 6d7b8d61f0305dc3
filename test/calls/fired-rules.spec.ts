/** What a call keeps of live rules that fired in it: docs/rules.md. */
import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { summaryOf, viewOf } from '../../src/calls/fold/call-view.js';
import { stateOf } from '../../src/calls/fold/resume.js';
import { reduce, shuffled } from '../support/call-events.js';
import { Random } from '../support/world/random.js';

const at = (seq: number) => new Date(1_786_312_200_000 + seq * 1000).toISOString();
const fires = (seq: number, rule: string, fields: object = {}): CallEvent => ({
  seq,
  type: 'rule.fired',
  at: at(seq),
  data: {
    agent: 'mara',
    rule,
    name: `rule ${rule}`,
    because: { condition: 'said', event: String(seq - 1), text: 'I want a refund' },
    ...fields,
  },
});
const firedIn = (events: readonly CallEvent[]) => viewOf(reduce('c', events)).fired ?? [];

it('a call has the firings of its rules, whichever way they come and however often', () => {
  const events = [fires(9, 'b'), fires(3, 'a'), fires(5, 'b'), fires(3, 'a')];
  expect(firedIn(events).map(({ id, name }) => `${id} ${name}`)).toEqual(['3 rule a', '5 rule b', '9 rule b']);
  expect(firedIn(events)[0]).toEqual({
    id: '3',
    rule: 'a',
    name: 'rule a',
    at: at(3),
    because: { condition: 'said', event: '2', text: 'I want a refund' },
  });
});

it('keeps the first five of a rule and the first twenty of all, in any order', () => {
  const random = new Random(7);
  const events = Array.from({ length: 120 }, (_, index) => fires(index + 2, `r${random.below(7)}`));
  const inOrder = firedIn(events);
  expect(inOrder).toHaveLength(20);
  for (const { rule } of inOrder) expect(inOrder.filter((one) => one.rule === rule).length).toBeLessThanOrEqual(5);
  for (let round = 0; round < 50; round += 1) expect(firedIn(shuffled(events, random))).toEqual(inOrder);
});

it('bounds what a firing holds, whatever stands in it', () => {
  const long = 'x'.repeat(1000);
  const cause = { condition: long, event: long, text: long };
  const [fired] = firedIn([fires(2, long, { name: long, because: { ...cause, all: Array(50).fill(cause) } })]);
  expect(JSON.stringify(fired).length).toBeLessThan(2000);
  expect(firedIn([fires(2, 'a', { because: 7, name: null })])[0]?.because).toEqual({ condition: '', event: '' });
  expect(firedIn([fires(2, '')])).toEqual([]);
});

it('goes on from what a server has answered', () => {
  const [first, second] = [fires(2, 'a'), fires(4, 'b')];
  const answered = summaryOf(reduce('c', [first]));
  const next = reduce('c', [second], stateOf(answered, 2));
  expect(viewOf(next).fired).toEqual(firedIn([first, second]));
});
