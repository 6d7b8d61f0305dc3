/**
 * Work that is done in rounds, one at a time. A request during a round starts another round after it. (Code that keeps
 * the promise of the work instead, and clears it when it has settled, misses what came in between the last look at the
 * work and the clearing.)
 */
export class Rounds {
  private isDue = false;
  private running: Promise<void> | undefined;

  /** `round` does all the work that there is. It should not reject: nobody awaits it. */
  constructor(private readonly round: () => Promise<void>) {}

  get isWorking(): boolean {
    return this.running !== undefined;
  }

  /** The present work is done by this round or the next. */
  start(): void {
    this.isDue = true;
    this.running ??= this.work();
  }

  /** Resolves when no round is running. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async work(): Promise<void> {
    try {
      while (this.isDue) {
        this.isDue = false;
        await this.round();
      }
    } finally {
      this.running = undefined;
    }
  }
}
