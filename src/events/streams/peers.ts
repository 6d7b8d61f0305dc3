/**
 * The other processes, as far as their messages on the bus tell. A process that asks them all then knows when all have
 * answered, and does not wait if there is none. A mistake here costs time or an entry in a list, never a right.
 */

/** A process that has not answered this many times is gone. */
const MAX_MISSED = 3;
/** After a process (re)connects, the others have this long to say that they are there. */
const INTRODUCTION_MS = 1000;
/**
 * A process of an older version does not say who it is. After a message from one, asks wait their full time for this
 * long.
 */
const STRANGER_MS = 600_000;

/** One question to all processes. */
export class Ask {
  /** Resolves when the last of the known processes has answered. */
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

  /** The processes that have not answered yet. */
  get missing(): Iterable<string> {
    return this.awaited;
  }

  answeredBy(peer: string): void {
    if (this.awaited.delete(peer) && this.awaited.size === 0) this.resolve();
  }
}

export class Peers {
  /** How many asks each process has left without an answer. */
  private readonly missed = new Map<string, number>();
  private sureAt = Infinity;
  private strangerUntil = -Infinity;

  /** `now` comes from `performance.now()`. */
  introduced(now: number): void {
    this.sureAt = now + INTRODUCTION_MS;
  }

  /** `peer` undefined: a process that does not say who it is. */
  heard(peer: string | undefined, now: number): void {
    if (peer === undefined) this.strangerUntil = now + STRANGER_MS;
    else this.missed.set(peer, 0);
  }

  /** `isConnected`: other processes can be heard now. */
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
