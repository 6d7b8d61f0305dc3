/**
 * Translates an entry of a call's log (second generation) into events of our vocabulary. Pure: it is given what is
 * known of the call, and returns it updated.
 */
import { timeOfSeconds } from '../../common/written-time.js';
import type { DecodedEvent } from '../../events/log/event.js';
import { type CallContext, UNKNOWN_CALL } from './call-context.js';
import { type Entry, type Fields, isFields } from './entry.js';
import { translationOf } from './vocabulary.js';

export interface Decoded {
  /** Empty if the entry is held back. If there are two, they belong in one commit. */
  readonly events: readonly DecodedEvent[];
  readonly context: CallContext;
}

/**
 * Decodes an entry of a call's own log that is not a marker. `call` is the log's; `context` is what earlier entries
 * said.
 */
export function decodeEntry(entry: Entry, call: string, context: CallContext = UNKNOWN_CALL): Decoded {
  const step = translationOf(entry)({ ...entry, call }, context);
  const at = timeOfSeconds(entry.ts ?? undefined);
  const events = step.events.map(({ type, data, ephemeral = entry.ephemeral }, part): DecodedEvent => ({
    type,
    agent: entry.agent,
    callId: call,
    at,
    ephemeral,
    identity: ['pinecall2', call, entry.seq, ...(part === 0 ? [] : [part])],
    data: { callId: call, ...step.context.facts, ...data, seq: entry.seq },
  }));
  return { events, context: step.context };
}

/**
 * True for an entry that only this generation has, by its type or the keys of its data; for ways that carry entries of
 * both.
 */
export function isSecondGeneration({ type, data }: { readonly type: string; readonly data: Fields }): boolean {
  if (OWN_TYPES.test(type) || (type === 'log.gap' && 'from_seq' in data)) return true;
  // Who did it is an object here, and a name in the first generation.
  if (type.startsWith('supervisor.') && isFields(data['by'])) return true;
  return (OWN_KEYS.get(type) ?? []).some((key) => key in data);
}

const OWN_TYPES =
  /^(turn\.(user|agent)|(user|agent)\.(state|transcript)|call\.(dialing|attached|claimed|line|score)|attention\..+|confirm\..+|metrics\..+|room\..+|participant\..+|track\..+|vendor\..+|supervisor\.(took_over|released|ended|transferred)|dtmf\.received|state\.changed|prompt\.changed|tools\.changed|memory\.ops|event\.received|error)$/;
const OWN_KEYS = new Map<string, readonly string[]>([
  ['call.ringing', ['route']],
  ['call.started', ['started_at']],
  ['call.ended', ['duration_s', 'ended_by', 'ended_at']],
  ['call.summary', ['duration_s', 'usage', 'outcome']],
  ['tool.call', ['call_id', 'arguments']],
  ['tool.result', ['call_id', 'output', 'duration_s']],
  ['docs.sources', ['took_ms', 'query']],
  ['call.transferred', ['ok']],
]);

/** An evaluation or a rehearsal, not a real call. A dialled call may belong to a batch of calls to real people. */
export function isSimulated({ type, data }: Entry): boolean {
  if (type !== 'call.ringing' && type !== 'call.started') return false;
  const isDialled = data['direction'] === 'outbound';
  const marks = ['persona', 'accepts_when', 'declines_when', ...(isDialled ? [] : ['run'])];
  return marks.some((name) => data[name] !== undefined && data[name] !== null);
}

/** The world that a call says it belongs to; undefined: it does not say. */
export function worldOf({ type, data }: Entry): string | undefined {
  return type === 'call.started' && typeof data['env'] === 'string' ? data['env'] : undefined;
}
