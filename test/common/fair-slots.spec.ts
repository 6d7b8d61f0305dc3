import { jest } from '@jest/globals';
import { FairSlots, PATIENT, type Patience } from '../../src/common/fair-slots.js';
import { Problem } from '../../src/common/problem.js';

/** As a request waits: in a line of bounded length and time, until its client is gone. */
const asking = (until = PATIENT.until): Patience => ({ until, isEndless: false });

/** Works that end when they are told to, and the order in which they began. */
function works(slots: FairSlots) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (party: string, name: string, patience = asking()) =>
    slots.run(
      party,
      () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
      patience,
    );
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise(setImmediate);
  };
  return { begun, run, end };
}

it('a party has its share of the slots, and those who wait are served party by party', async () => {
  const { begun, run, end } = works(new FairSlots({ slots: 3, share: 2, line: 10, waitMs: 60_000 }));
  const running = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1'].map((name) => run(name[0] ?? '', name));
  await new Promise(setImmediate);
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  await end('b1');
  expect(begun).toEqual(['a1', 'a2', 'b1', 'b2']);
  await end('b2');
  await end('a1');
  await end('a2');
  expect(begun).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'a3', 'a4']);
  for (const name of ['c1', 'a3', 'a4', 'a5']) await end(name);
  expect(await Promise.all(running)).toHaveLength(8);
});

it('a party waits in bounded number and time; what something else bounds waits as long as it takes', async () => {
  const slots = new FairSlots({ slots: 2, share: 1, line: 1, waitMs: 1 });
  const { begun, run, end } = works(slots);
  const first = run('a', 'a1');
  const second = run('a', 'a2').catch(({ slug }: Problem) => slug);
  const third = run('a', 'a3').catch(({ slug }: Problem) => slug);
  const patient = run('a', 'stream', PATIENT);
  const leaving = new AbortController();
  const left = run('a', 'left', { until: leaving.signal, isEndless: true }).catch(({ slug }: Problem) => slug);
  leaving.abort(new Problem('not-found', 'Its own reason.'));
  expect([await left, slots.waiting]).toEqual(['not-found', 2]);
  expect(await third).toBe('rate-limited');
  expect(await second).toBe('unavailable');
  await end('a1');
  await end('stream');
  expect([await first, await patient, begun]).toEqual(['a1', 'stream', ['a1', 'stream']]);
  await expect(slots.run('a', () => Promise.reject(new Error('of its own')), PATIENT)).rejects.toThrow('of its own');
  expect(await slots.run('a', () => Promise.resolve('free again'), PATIENT)).toBe('free again');
});

it('a slot rests after work while it is to give way to others, and only then', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    let busy = false;
    const { begun, run, end } = works(
      new FairSlots({ slots: 1, share: 1, line: 9, waitMs: 60_000, rests: () => busy }),
    );
    const all = ['a1', 'a2', 'a3'].map((name) => run('a', name));
    const worksFor = async (ms: number, name: string) => {
      jest.advanceTimersByTime(ms);
      await end(name);
    };
    await worksFor(200, 'a1');
    expect(begun).toEqual(['a1', 'a2']);
    busy = true;
    await worksFor(200, 'a2');
    jest.advanceTimersByTime(599);
    await new Promise(setImmediate);
    expect(begun).toEqual(['a1', 'a2']);
    jest.advanceTimersByTime(1);
    await new Promise(setImmediate);
    expect(begun).toEqual(['a1', 'a2', 'a3']);
    await worksFor(0, 'a3');
    expect(await Promise.all(all)).toHaveLength(3);
  } finally {
    jest.useRealTimers();
  }
});
