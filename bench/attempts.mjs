/**
 * Runs the parts of a bench separately: a part that fails does not take the others' figures with it, and becomes a row
 * that says so.
 */
import { endEverything } from './children.mjs';

export class Attempts {
  /** @type {{what: string, why: string}[]} */
  failures = [];
  #fail;

  /** @param {(text: string) => void} say */
  constructor(say) {
    this.say = say;
  }

  /**
   * Does it, and tells the figures that have come of it, however far it got. What it has started is ended where it
   * fails.
   * @param {string} what
   * @param {Record<string, number>} figures  filled by `act` as they come
   * @param {() => Promise<void>} act
   */
  async make(what, figures, act) {
    // Errors that nobody catches count, too: a connection that is reset while nobody waits for it.
    const broken = new Promise((_, reject) => (this.#fail = reject));
    try {
      await Promise.race([act(), broken]);
    } catch (error) {
      const why = error.message;
      this.failures.push({ what, why });
      this.say(`${what}  FAILED: ${why}`);
      await endEverything();
    } finally {
      this.#fail = undefined;
    }
    const told = Object.entries(figures).map(([key, value]) => `${key} ${Math.round(value * 100) / 100}`);
    if (told.length > 0) this.say(`${what}  ${told.join(', ')}`);
  }

  /** True if an uncaught error belonged to the running part, which then fails. */
  take(error) {
    this.#fail?.(error);
    return this.#fail !== undefined;
  }

  render() {
    return this.failures.map(({ what, why }) => `${what.padEnd(76)}${`failed: ${why}`.padStart(28)}\n`).join('');
  }
}
