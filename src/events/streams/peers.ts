/**
 * The other processes, as far as their word on the bus tells: so that whoever asks them all knows when all have answered, and
 * waits for nobody where there is none. What is wrong here costs time or an entry of a list, never a right.
 */

/** Who has not answered so often is gone. */
const MAX_MISSED = 3;
/** After (re)connecting, the others have so long to say that they are there. */
const INTRODUCTION_MS = 1000;
/** After word from a process of a version that does not say who it is, asks wait their full time for so long. */
const STRANGER_MS = 600_000;

/** One question to all. */
export class Ask {
  /** Resolves when the last of those who are known has answered. */
  readonly answered: Promise<void>;
  private resolve: () => void = () => undefined;

  constructor(
    readonly id: string,
    private readonly awaited: Set<string>,
    isSure: boolean,
  ) {
    this.answered = new Promise((resolve) => (this.resolve = resolve));
    if (isSure && awaited.size === 0) this.resolve();
  }

  /** Who has not answered yet. */
  get missing(): Iterable<string> {
    return this.awaited;
  }

  answeredBy(peer: string): void {
    if (this.awaited.delete(peer) && this.awaited.size === 0) this.resolve();
  }
}

export class Peers {
  /** By how many asks each has left without an answer. */
  private readonly missed = new Map<string, number>();
  private sureAt = Infinity;
  private strangerUntil = -Infinity;

  /** `now` is of `performance.now()`. */
  introduced(now: number): void {
    this.sureAt = now + INTRODUCTION_MS;
  }

  /** Undefined: a process that does not say who it is. */
  heard(peer: string | undefined, now: number): void {
    if (peer === undefined) this.strangerUntil = now + STRANGER_MS;
    else this.missed.set(peer, 0);
  }

  /** `isConnected`: others can be heard now. */
  ask(id: string, now: number, isConnected: boolean): Ask {
    const isSure = isConnected && now >= this.sureAt;
    const awaited = new Set(this.missed.keys());
    if (!isSure || now < this.strangerUntil) awaited.add('somebody else');
    return new Ask(id, awaited, isSure);
  }

  /** The ask is over. */
  settle({ missing }: Ask): void {
    for (const peer of missing) {
      const count = (this.missed.get(peer) ?? MAX_MISSED) + 1;
      if (count >= MAX_MISSED) this.missed.delete(peer);
      else this.missed.set(peer, count);
    }
  }
}
