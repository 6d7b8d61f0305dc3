/** Recordings as the events of calls: decoded, admitted and numbered as the log would do it. */
import type { CallEvent } from '../../src/calls/fold/call-event.js';
import { type CallState, applyEvent } from '../../src/calls/fold/call-state.js';
import { admitEvent, type DecodedEvent } from '../../src/events/log/event.js';
import { type LogEntry, decodeAgentEvent, decodeLogEntry, isControl } from '../../src/sources/pinecall/decode.js';
import { type Random } from './world/random.js';

export interface RecordedEvent extends CallEvent {
  readonly callId: string | null;
  readonly ephemeral: boolean;
}

/** Frames of wires A and B. */
export function agentEvents(frames: readonly { type: string; data: Readonly<Record<string, unknown>> }[]) {
  return numbered(frames.filter(({ type }) => !isControl(type)).map(({ type, data }) => decodeAgentEvent(type, data)));
}

/** Entries of wire C. */
export function logEvents(entries: readonly LogEntry[]): RecordedEvent[] {
  return numbered(entries.filter(({ type }) => !isControl(type)).map(decodeLogEntry));
}

/** Only what is stored has a number; repeats are dropped by their keys, as the log does. */
function numbered(decoded: readonly DecodedEvent[]): RecordedEvent[] {
  let seq = 0;
  const keys = new Set<string>();
  return decoded.flatMap((one, index) => {
    const event = admitEvent(one, new Date(1_786_312_200_000 + index * 400));
    if (!event.ephemeral && keys.has(event.key)) return [];
    keys.add(event.key);
    const { type, at, callId, ephemeral } = event;
    const data = JSON.parse(event.data) as CallEvent['data'];
    return [{ seq: ephemeral ? 0 : ++seq, type, at, data, callId, ephemeral }];
  });
}

export function durableOf(events: readonly RecordedEvent[], callId: string): RecordedEvent[] {
  return events.filter((event) => event.callId === callId && !event.ephemeral);
}

export function reduce(callId: string, events: readonly CallEvent[], from?: CallState): CallState {
  const state = events.reduce<CallState | undefined>((call, event) => applyEvent(call, callId, event), from);
  if (state === undefined) throw new Error('a call has at least one event');
  return state;
}

export function shuffled<T>(things: readonly T[], random: Random): T[] {
  const left = [...things];
  return things.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

/** In any order, but for corrections: they come after what they correct. */
export function correctedLast<Event extends CallEvent>(list: readonly Event[]): Event[] {
  const isCorrection = ({ type }: CallEvent) => type === 'bot.corrected' || type.startsWith('turn.');
  const corrections = list.filter(isCorrection).sort((one, other) => one.seq - other.seq);
  return [...list.filter((event) => !isCorrection(event)), ...corrections];
}

/** Events of one call, a second apart. */
export function eventsOf(...list: [type: string, data: Record<string, unknown>][]): CallEvent[] {
  return list.map(([type, data], index) => ({
    seq: index + 1,
    type,
    data: { agent: 'mara', ...data },
    at: new Date(1_786_312_200_000 + index * 1000).toISOString(),
  }));
}
