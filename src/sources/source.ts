/** What every source has in common. One file per wire; a supervisor runs them. */
import type { DecodedEvent } from '../events/log/event.js';
import type { UpstreamCalls } from './upstream-calls.js';

/** Where a source puts what it has read, in the order in which it read it. */
export interface EventSink {
  /**
   * Queues events, in order, behind those pushed before. Resolves when they are committed (or refused as invalid, which
   * is counted and logged: one poison event never blocks those behind it). While the database is away it keeps trying.
   * Rejects only if the source was told to stop. A source with a cursor moves it after this; a live one need not wait.
   * `bytes`: the size of the message that held the events, for a sink that counts them.
   */
  push(events: readonly DecodedEvent[], bytes?: number): Promise<void>;
  /** Resolves when there is room for more. A source that does not wait for `push` waits for this before it reads on. */
  room(): Promise<void>;
}

/** The state of a source, shown in /readyz. `standby`: another process runs it. */
export const SOURCE_STATES = ['connecting', 'live', 'waiting', 'standby', 'stopped'] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** A way into Switchboard. */
export interface Source {
  /** Its name in /readyz, logs and cursors: stable across restarts, without secrets. */
  readonly name: string;
  /** Messages that upstream still has for it, at the last read; undefined: upstream does not say. */
  readonly upstreamBacklog?: number | undefined;
  /**
   * What is wrong, in words and without secrets: why it is not reading yet, what it cannot read, what is known to be
   * lost. Undefined: nothing.
   */
  readonly trouble?: string | undefined;
  /** True if it must run on one process at a time: a second one would take everything in twice, or out of order. */
  readonly once: boolean;
  /** Present if its upstream has recordings and can be steered. Works on every process, whichever runs the source. */
  readonly calls?: UpstreamCalls;
  /**
   * Reads until the signal aborts (then resolves) or the upstream fails (then rejects, or resolves if it just ended):
   * the supervisor runs it again after a backoff. Calls `live()` each time it is connected and reading.
   */
  run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void>;
  /** Called after its run, if this process goes down and nobody else runs it yet: reports what has ended with it. */
  farewell?(sink: EventSink): Promise<void>;
}

/** A `SOURCES` entry that cannot be used; its message is one readable line. */
export class InvalidSource extends Error {}
