/**
 * How long the log has been further on than what was delivered: where its head stood is noted at each look, and forgotten
 * when that has been delivered. The oldest note that is left is the lag.
 */

/** Notes that are kept, one a look; when there are more, the lag grows with the oldest one all the same. */
const MAX_NOTES = 600;

export class TailLag {
  private notes: { readonly head: number; readonly at: number }[] = [];

  /** The log's head at a time (in ms), and the position that was delivered last. */
  sawHead(head: number, delivered: number, at: number): void {
    this.forget(delivered);
    if (head > Math.max(delivered, this.notes.at(-1)?.head ?? 0) && this.notes.length < MAX_NOTES)
      this.notes.push({ head, at });
  }

  /** In ms; 0 when everything that was seen has been delivered. */
  behindMs(delivered: number, now: number): number {
    this.forget(delivered);
    const oldest = this.notes[0];
    return oldest === undefined ? 0 : Math.max(0, now - oldest.at);
  }

  private forget(delivered: number): void {
    while (this.notes[0] !== undefined && this.notes[0].head <= delivered) this.notes.shift();
  }
}
