/**
 * What the decoder remembers of a call between its entries: plain data, rebuilt by reading the log from its beginning,
 * so that a restart gives every message the same name.
 */
import type { Fields } from './entry.js';

/** What the quality of a call is made of, in seconds. Names of the first generation's summary. */
export type Measure = 'e2e' | 'llm_ttft' | 'tts_ttfb' | 'eou' | 'asr';

/** A supervisor's line for the agent, until the agent's turn repeats it. */
export interface Dictated {
  readonly text: string;
  readonly messageId: string;
}

export interface CallContext {
  /**
   * Its log is read from the beginning. Otherwise only the entry itself is known, and messages are named by their
   * `seq`.
   */
  readonly isWhole: boolean;
  /** `from`, `to`, `direction`, `transport`: repeated on every event of the call, as customers' pages expect. */
  readonly facts: Fields;
  /** It rang or opened a room, so it is a spoken call if nothing else says otherwise. */
  readonly isSpoken: boolean;
  /** How many turns of each side the log has had. */
  readonly userTurns: number;
  readonly agentTurns: number;
  /** Of the agent's present turn: the words already sent, and the unfinished piece of a word. */
  readonly words: number;
  readonly pieceOfWord: string;
  readonly userState: unknown;
  readonly dictations: number;
  readonly dictated: readonly Dictated[];
  readonly samples: Readonly<Partial<Record<Measure, readonly number[]>>>;
}

/** For a log that is read from its beginning, before the first entry. */
export const NEW_CALL: CallContext = {
  isWhole: true,
  facts: {},
  isSpoken: false,
  userTurns: 0,
  agentTurns: 0,
  words: 0,
  pieceOfWord: '',
  userState: undefined,
  dictations: 0,
  dictated: [],
  samples: {},
};

/** For an entry that comes alone (over HTTP, by a broker). */
export const UNKNOWN_CALL: CallContext = { ...NEW_CALL, isWhole: false };

/** Turns of one call whose times are kept; beyond them the first ones speak for the call. Bounds memory. */
const MAX_SAMPLES = 2000;

/** With one more turn's times; what was not measured is absent. */
export function withSamples(
  samples: CallContext['samples'],
  measured: Readonly<Partial<Record<Measure, number | undefined>>>,
): CallContext['samples'] {
  const next: Partial<Record<Measure, readonly number[]>> = { ...samples };
  for (const [name, value] of Object.entries(measured) as [Measure, number | undefined][]) {
    const known = samples[name] ?? [];
    if (value !== undefined && known.length < MAX_SAMPLES) next[name] = [...known, value];
  }
  return next;
}

/**
 * `{e2e: {p50, p90, p95, max, n}, …}` in seconds, as the first generation's summary has it; undefined: nothing was
 * measured.
 */
export function metricsOf(samples: CallContext['samples']): Fields | undefined {
  const entries = Object.entries(samples).map(([name, values]) => [name, percentilesOf(values)] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function percentilesOf(values: readonly number[]): Fields {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (part: number) => interpolated(sorted, part);
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), max: at(1), n: sorted.length };
}

/** As PostgreSQL's percentile_cont; to a tenth of a millisecond. */
function interpolated(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return Math.round((low + (high - low) * (place - Math.floor(place))) * 10_000) / 10_000;
}
