/** What a run gives its readers of calls, and what they answer. */
import type { SparseLog } from '../../common/sparse-log.js';
import type { Reachability } from '../pinecall/reachability.js';
import type { EventSink } from '../source.js';
import type { GatewayApi } from './gateway-api.js';
import type { Timings } from './pinecall2-options.js';
import type { StreamSlots } from './stream-slots.js';

/** What the readers of one run share. */
export interface ReaderContext {
  readonly api: GatewayApi;
  readonly sink: EventSink;
  readonly slots: StreamSlots;
  readonly timings: Timings;
  readonly reachability: Reachability;
  readonly log: SparseLog;
  /** The world that is read. */
  readonly world: string;
  /** Evaluations and rehearsals are wanted, too. */
  readonly withSimulated: boolean;
  /** Ends the whole run with this error, which no further attempt can cure. */
  fail(error: Error): void;
}

/** What is known of a call before its log is read. */
export interface CallHint {
  /** False: its log is sealed, so pages are enough. */
  readonly live: boolean;
  /** The last durable entry that the gateway told of. */
  readonly lastSeq: number;
}

/**
 * How it ended: with the log, because the call is not ours to show, because nothing came, or because it was told to
 * stop.
 */
export type Ending = 'sealed' | 'unwanted' | 'left' | 'stopped';
