/** Lets at most a given number run at a time. The others wait in the order in which they came. */
export class Semaphore {
  private waiting: (() => void)[] = [];
  private served = 0;

  constructor(private free: number) {}

  /** Resolves when the turn has come, with the function that ends it; a second call does nothing. */
  async acquire(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let ended = false;
    return () => {
      if (!ended) this.release();
      ended = true;
    };
  }

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * A queue is read from its front. Read entries are cut off now and then, so that a long queue is not copied each
   * time.
   */
  private release(): void {
    const next = this.waiting[this.served];
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.served += 1;
    if (this.served > 1000 || this.served === this.waiting.length) {
      this.waiting = this.waiting.slice(this.served);
      this.served = 0;
    }
    next();
  }
}
