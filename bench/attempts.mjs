/** Parts of a run, each on its own: one that fails takes nobody else's figures with it, and is a row that says so. */
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
   * Does it, and tells the figures that have come of it, however far it got. What it has started is ended where it fails.
   * @param {string} what
   * @param {Record<string, number>} figures  filled by `act` as they come
   * @param {() => Promise<void>} act
   */
  async make(what, figures, act) {
    // Also what nobody catches: a connection that is reset while no one waits for it.
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

  /** True when an error that nobody caught belonged to the part under way, which fails by it. */
  take(error) {
    this.#fail?.(error);
    return this.#fail !== undefined;
  }

  render() {
    return this.failures.map(({ what, why }) => `${what.padEnd(76)}${`failed: ${why}`.padStart(28)}\n`).join('');
  }
}
