/** A sink that keeps what a source pushes, and that can be made full. */
import type { DecodedEvent } from '../../src/events/event.js';
import type { EventSink } from '../../src/sources/source.js';

export class CollectingSink implements EventSink {
  readonly events: DecodedEvent[] = [];
  private full: { readonly gone: Promise<void>; readonly end: () => void } | undefined;

  push(events: readonly DecodedEvent[]): Promise<void> {
    this.events.push(...events);
    return Promise.resolve();
  }

  room(): Promise<void> {
    return this.full?.gone ?? Promise.resolve();
  }

  /** From now on there is no room, until {@link empty}. */
  fill(): void {
    let end = () => {};
    const gone = new Promise<void>((resolve) => (end = resolve));
    this.full = { gone, end };
  }

  empty(): void {
    this.full?.end();
    this.full = undefined;
  }

  /** Resolves once `holds`; rejects after the deadline, saying what had come by then. */
  async until(holds: (events: readonly DecodedEvent[]) => boolean, deadlineMs?: number): Promise<void> {
    const state = () => `the sink has ${this.events.length}: ${this.events.slice(-5).map(({ type }) => String(type)).join(' ')}`; // prettier-ignore
    await eventually(() => holds(this.events), state, deadlineMs);
  }
}

/** Waits for a predicate, a turn of the event loop at a time; rejects after the deadline. */
export async function eventually(
  holds: () => boolean,
  state: () => string = () => '',
  deadlineMs = 5000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${holds.toString()}; ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
