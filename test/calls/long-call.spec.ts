import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { type CallState, applyEvent } from '../../src/calls/fold/call-state.js';
import { viewOf } from '../../src/calls/fold/call-view.js';
import { type Keyed, entriesOf, valueAt, withValue } from '../../src/calls/fold/keyed.js';
import { type Attempt, attemptAfter } from '../../src/calls/projection/projection-attempts.js';

const events = (...list: [string, Record<string, unknown>][]): CallEvent[] =>
  list.map(([type, data], index) => ({
    seq: index + 1,
    type,
    data: { agent: 'mara', ...data },
    at: new Date(1_786_312_200_000 + index * 1000).toISOString(),
  }));
const viewAfter = (list: readonly CallEvent[], maxEvents?: number) =>
  viewOf(
    list.reduce<CallState | undefined>(
      (call, event) => applyEvent(call, 'c', event, maxEvents),
      undefined,
    ) as CallState,
  );

/** What a put has copied: the pieces that both do not share. */
function copiedBetween(before: Keyed<unknown>, after: Keyed<unknown>): number {
  const changed = after.findIndex((child, index) => child !== before[index]);
  const [old, next] = [before[changed], after[changed]];
  const within = Array.isArray(next)
    ? copiedBetween(Array.isArray(old) ? old : [], next)
    : ((next as Map<string, unknown> | undefined)?.size ?? 0);
  return after.length + within;
}

describe('a long call', () => {
  it('of 50,000 events takes each at the same cost, whatever its ids are', () => {
    const ids = [(index: number) => `m${index}`, (index: number) => `${index}${'x'.repeat(40)}`];
    for (const idOf of ids) {
      let parts: Keyed<number> = [];
      for (let index = 0; index < 50_000; index++) parts = withValue(parts, idOf(index), index);
      expect(entriesOf(parts)).toHaveLength(50_000);
      // Copies counted, not time: a put copies the pieces between the root and one leaf, each of them small.
      let copied = 0;
      for (let index = 0; index < 1000; index++) copied += copiedBetween(parts, withValue(parts, idOf(index * 50), -1));
      expect(copied / 1000).toBeLessThan(150);
      expect([valueAt(parts, idOf(77)), valueAt(parts, 'unknown')]).toEqual([77, undefined]);
    }
  });

  it('with more events than are taken in goes on without their words, and says so', () => {
    const list = events(
      ['call.started', {}],
      ['user.message', { messageId: 'u1', text: 'one' }],
      ['user.message', { messageId: 'u2', text: 'two' }],
      ['user.message', { messageId: 'u1', text: 'changed' }],
      ['call.ended', { reason: 'hangup' }],
    );
    const at = (count: number, maxEvents: number) =>
      viewOf(
        list
          .slice(0, count)
          .reduce<CallState | undefined>(
            (call, event) => applyEvent(call, 'c', event, maxEvents),
            undefined,
          ) as CallState,
      );
    expect(at(3, 3)).not.toHaveProperty('truncated');
    expect(at(5, 3)).toMatchObject({ state: 'ended', reason: 'hangup', truncated: true });
    expect(at(5, 3).transcript.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('carries names, numbers and reasons of a bounded length only: they stand in every row of a list', () => {
    const long = 'x'.repeat(60_000);
    const list = events(
      ['call.started', { from: long, to: long, transport: long }],
      ['handoff.active', { by: long }],
      ['call.ended', { reason: long }],
    );
    expect(JSON.stringify(viewAfter(list)).length).toBeLessThan(5000);
  });

  it('asks for no more tools at once than agents do', () => {
    const toolCalls = Array.from({ length: 10_000 }, (_, index) => ({ id: `t${index}` }));
    expect(viewAfter(events(['llm.toolCall', { toolCalls }])).tools).toHaveLength(16);
  });
});

describe('a batch that ends the processes which take it in', () => {
  const deaths = (known: Attempt | undefined, place: string, size: number, count: number) => {
    const manners: string[] = [];
    let attempt = known;
    for (let death = 0; death < count; death++) {
      const next = attemptAfter(attempt, place, size);
      attempt = next.attempt;
      manners.push(next.manner);
    }
    return { manners, attempt };
  };

  it('is taken one by one after two deaths, and then what ends a process by itself is tried no more', () => {
    const { manners, attempt } = deaths(undefined, '7', 3, 4);
    expect(manners).toEqual(['whole', 'whole', 'single', 'quarantine']);
    // The rest of the batch stays careful; what comes after it is taken as ever.
    const manner = [attempt];
    for (const place of ['8', '9', '10', '11']) manner.push(attemptAfter(manner.at(-1), place, 5).attempt);
    expect(manner.slice(1).map((one) => one?.careful)).toEqual([2, 1, 0, 0]);
  });

  it('is no worse for one death, nor for many that each come after some of it was done', () => {
    expect(deaths(undefined, '7', 3, 2).manners).toEqual(['whole', 'whole']);
    let attempt: Attempt | undefined;
    for (let place = 0; place < 10; place++) {
      const next = attemptAfter(attempt, String(place), 100);
      expect(next.manner).toBe('whole');
      attempt = next.attempt;
    }
  });
});
