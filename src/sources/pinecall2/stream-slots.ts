/** How many streams may be open at once; a log that gets none is read in pages. */
export class StreamSlots {
  private taken = 0;

  /** `max`: asked each time, as it is known only once the gateway has answered. */
  constructor(private readonly max: () => number) {}

  /** Undefined: none is free. Otherwise the function that gives it back; a second call does nothing. */
  take(): (() => void) | undefined {
    if (this.taken >= this.max()) return undefined;
    this.taken += 1;
    let isTaken = true;
    return () => {
      if (isTaken) this.taken -= 1;
      isTaken = false;
    };
  }
}
