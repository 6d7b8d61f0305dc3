/** Work in rounds: nothing that comes in is forgotten, however close to a round's end. */
import { Rounds } from '../../src/common/rounds.js';

function worker() {
  const due: number[] = [];
  const done: number[] = [];
  const rounds = new Rounds(async () => {
    await Promise.resolve();
    for (let one = due.shift(); one !== undefined; one = due.shift()) {
      done.push(one);
      await Promise.resolve();
    }
  });
  const give = (one: number) => {
    due.push(one);
    rounds.start();
  };
  return { rounds, give, done };
}

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('what comes in %d microtasks after the first is done as well', async (gap) => {
  const { rounds, give, done } = worker();
  give(1);
  for (let tick = 0; tick < gap; tick++) await Promise.resolve();
  give(2);
  await rounds.idle();
  expect(done).toEqual([1, 2]);
  expect(rounds.isWorking).toBe(false);
});

it('a round without work leaves none behind: what comes in the same breath is done', async () => {
  const { rounds, give, done } = worker();
  rounds.start();
  give(1);
  await rounds.idle();
  expect(done).toEqual([1]);
});

it('two rounds are never under way at once', async () => {
  let under = 0;
  const most: number[] = [];
  const rounds = new Rounds(async () => {
    most.push((under += 1));
    await new Promise(setImmediate);
    under -= 1;
  });
  for (let asked = 0; asked < 5; asked++) rounds.start();
  await rounds.idle();
  expect(most).toEqual([1, 1]);
});
