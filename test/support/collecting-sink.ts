/** A sink that keeps what a source pushes, and that can be made full. */
import type { DecodedEvent } from '../../src/events/log/event.js';
import type { EventSink } from '../../src/sources/source.js';
import { waitFor } from './wait-for.js';

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

  /** Resolves once `holds`; rejects after the deadline. */
  async until(holds: (events: readonly DecodedEvent[]) => boolean, deadlineMs?: number): Promise<void> {
    await waitFor(() => holds(this.events), `the sink: ${holds.toString()}`, deadlineMs);
  }
}
