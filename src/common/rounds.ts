/**
 * Work that is done in rounds, one at a time: who asks for it during a round gets another one after it. Whoever holds the promise
 * of work instead, and clears it when that has settled, forgets what came in between the last look at the work and the clearing.
 */
export class Rounds {
  private isDue = false;
  private running: Promise<void> | undefined;

  /** `round` does all that there is to do. It should not reject: nobody awaits it. */
  constructor(private readonly round: () => Promise<void>) {}

  get isWorking(): boolean {
    return this.running !== undefined;
  }

  /** What there is to do now is done by this round or the next. */
  start(): void {
    this.isDue = true;
    this.running ??= this.work();
  }

  /** Resolves when nothing is under way. */
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
