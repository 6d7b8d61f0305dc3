/**
 * Failovers under load, two processes: the primary is killed, a standby that was behind takes its place, again and
 * again. What was answered while the standby heard nothing may be lost; nothing else is, no number is given twice, and
 * no reader misses anything without being told (promise 2).
 */
import { Load, type Seen, report } from '../support/load.js';
import { Replicas } from '../support/replicas.js';
import { longest, rounds } from '../support/rounds.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';
import { midAppend } from '../support/writers.js';

const FAILOVERS = rounds('FAILOVERS', 1);

/** Every text that had the number, in whichever log a reader met it. */
function textsByNumber(...seen: (readonly Seen[])[]): Map<number, Set<unknown>> {
  const texts = new Map<number, Set<unknown>>();
  for (const { id, text } of seen.flat()) texts.set(id, (texts.get(id) ?? new Set()).add(text));
  return texts;
}

/** Where a reader's numbers jump and it was not told so. */
function untold(seen: readonly Seen[], gaps: readonly { after: number; resumeFrom: number }[]): [number, number][] {
  const jumps = seen.flatMap(({ id }, at): [number, number][] => {
    const before = seen[at - 1]?.id ?? 0;
    return id === before + 1 ? [] : [[before, id]];
  });
  return jumps.filter(
    ([before, next]) => !gaps.some(({ after, resumeFrom }) => after <= before && resumeFrom + 1 >= next),
  );
}

it(
  `a standby that is behind takes over ${FAILOVERS} times: numbers are given once, what is missed is told`,
  async () => {
    const replicas = await Replicas.start();
    const variables = { DATABASE_URL: replicas.url, SOURCES: 'none', ALLOW_FSYNC_OFF: 'true' };
    const one = await Installation.create(variables);
    const two = await Installation.create({ ...variables, DATA_DIR: one.dataDir });
    try {
      const servers = [await one.start(), await two.start()];
      const load = await Load.begin('failover', one, replicas.primaryUrl, [two]);
      const { writers, followers } = load;
      const unheard: [number, number][] = [];
      const recoveryMs: number[] = [];
      for (let round = 0; round < FAILOVERS; round++) {
        await replicas.follow();
        await midAppend(writers);
        const cutAt = performance.now();
        await replicas.cutReplication();
        await midAppend(writers);
        await replicas.failOver();
        unheard.push([cutAt, performance.now()]);
        const answers = writers.answers;
        const seen = followers.map((follower) => follower.seen.length);
        await waitFor(
          () => writers.answers > answers && followers.every((follower, at) => follower.seen.length > (seen[at] ?? 0)),
          'events at every reader again',
        );
        recoveryMs.push(Math.round(performance.now() - (unheard.at(-1)?.[1] ?? 0)));
      }
      await midAppend(writers);
      const settled = await load.settle();
      const mayBeLost = (at: number) => unheard.some(([from, to]) => from <= at && at <= to);
      let lost = 0;
      for (const { agents, log, followers: readers } of settled) {
        const logged = new Set(log.map(({ text }) => text));
        const answered = writers.answered.filter(({ agent }) => agents.includes(agent));
        const missing = answered.filter(({ text }) => !logged.has(text));
        lost += missing.length;
        expect(missing.filter(({ answeredAt }) => !mayBeLost(answeredAt))).toEqual([]);
        expect(logged.size).toBe(log.length);
        const ambiguous = [...textsByNumber(log, ...readers.map(({ seen }) => seen))].filter(
          ([, { size }]) => size > 1,
        );
        expect(ambiguous).toEqual([]);
        for (const { seen, gaps } of readers) {
          expect(untold(seen, gaps)).toEqual([]);
          const ids = new Set(seen.map(({ id }) => id));
          expect([ids.size, log.filter(({ id }) => !ids.has(id))]).toEqual([seen.length, []]);
        }
      }
      report({ recoveryMs, lost, gaps: followers.map(({ gaps }) => gaps.length), writers, followers });
      expect([...writers.outcomes.keys()].filter((status) => ![200, 503].includes(status))).toEqual([]);
      expect(servers.map(({ alive }) => alive)).toEqual([true, true]);
    } finally {
      await two.stopped();
      await one.remove();
      await two.remove();
      await replicas.stop();
    }
  },
  longest(),
);
