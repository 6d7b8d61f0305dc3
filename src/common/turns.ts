/** Long work on the event loop, in stretches: others have their turn in between (security rule 24). */

/** Longest stretch of work at once; what else waits for the event loop waits so long. */
const STRETCH_MS = 5;

let turn: Promise<void> = Promise.resolve();

/**
 * Does the work for each item, in order. However many do so at once, one of them goes on in each round of the event loop:
 * the others' stretches never add up to a pause.
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
