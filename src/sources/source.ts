/** What every way into Switchboard has in common. One file a wire; a supervisor runs them. */
import type { DecodedEvent } from '../events/log/event.js';

/** Where a source puts what it has read, in the order in which it read it. */
export interface EventSink {
  /**
   * Queues events, in order, behind what was pushed before. Resolves when they are committed (or refused as invalid, which
   * is counted and logged: one poison event never blocks those behind it). While the database is away it keeps trying.
   * Rejects only when the source was told to stop. A source with a cursor moves it after this; a live one need not wait. `bytes`: of the
   * message that held them, for a sink that counts them.
   */
  push(events: readonly DecodedEvent[], bytes?: number): Promise<void>;
  /** Resolves when there is room for more: a source that doesn't wait for `push` waits for this before it reads on. */
  room(): Promise<void>;
}

/** How a source is doing, shown in /readyz. `standby`: another process runs it. */
export const SOURCE_STATES = ['connecting', 'live', 'waiting', 'standby', 'stopped'] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** A way into Switchboard. */
export interface Source {
  /** Its name in /readyz, logs and cursors: stable across restarts, without secrets. */
  readonly name: string;
  /** What upstream still has for it, in messages, as of the last that it read; undefined: upstream does not say. */
  readonly upstreamBacklog?: number | undefined;
  /**
   * What is not as it should be, in words and without secrets: why it is not reading yet, what it cannot read, what is known to
   * be lost. Undefined: nothing.
   */
  readonly trouble?: string | undefined;
  /** True when it must run on one process at a time: a second one would take everything in twice, or out of order. */
  readonly once: boolean;
  /**
   * Reads until the signal aborts (then resolves) or the upstream fails (then rejects, or resolves when it just ended): the
   * supervisor runs it again after a backoff. Calls `live()` each time it is connected and reading.
   */
  run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void>;
  /** After its run, when this process goes down and nobody else runs it yet: says what has come to an end with it. */
  farewell?(sink: EventSink): Promise<void>;
}

/** A `SOURCES` entry that cannot be used; its message is one readable line. */
export class InvalidSource extends Error {}
