/** Sending at a fixed rate, and the middle of what was measured. */
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Calls `send` at its rate until `endsAt` (by `performance.now()`), whether or not the server keeps up: an event's clock
 * starts when it is due. Not all senders begin at the same instant. Resolves to the answers.
 */
export async function atRate(perSecond, endsAt, send) {
  const everyMs = 1000 / perSecond;
  const answers = [];
  for (let dueAt = performance.now() + Math.random() * everyMs; dueAt < endsAt; dueAt += everyMs) {
    const aheadMs = dueAt - performance.now();
    if (aheadMs > 0) await wait(aheadMs);
    answers.push(send());
  }
  return Promise.all(answers);
}

export function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}
