/** Does long work on the event loop in stretches, so that other work has its turn in between (security rule 24). */

/** The longest stretch of work at once. Everything else on the event loop waits so long. */
const STRETCH_MS = 5;

let turn: Promise<void> = Promise.resolve();

/**
 * Does the work for each item, in order. If many callers do so at once, only one of them continues in each round of the
 * event loop, so their stretches never add up to a pause.
 */
export async function eachInTurns<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
  let since = performance.now();
  for (const item of items) {
    work(item);
    if (performance.now() - since < STRETCH_MS) continue;
    await nextTurn();
    since = performance.now();
  }
}

function nextTurn(): Promise<void> {
  turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return turn;
}
