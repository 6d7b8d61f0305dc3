/**
 * Translates Pinecall's wires into the one customer vocabulary. Pure. The vocabulary is wire A's (the SDK's SSE
 * stream), because customers' dashboards read that; the call log (wire C) is translated into it. Unknown types and
 * fields pass.
 */
import { digitsOf, numberIn, isObject } from '../../common/exact-number.js';
import { timeOfSeconds, writtenTime } from '../../common/written-time.js';
import type { DecodedEvent } from '../../events/log/event.js';

type Fields = Readonly<Record<string, unknown>>;

/** An entry of the call log: https://pinecall.io, "call log" envelope. `call` is null in an agent's log. */
export interface LogEntry {
  readonly seq: number;
  /** Unix seconds. */
  readonly ts: unknown;
  readonly call: string | null;
  readonly agent: string;
  readonly type: string;
  readonly ephemeral: unknown;
  readonly data: Fields;
}

/** Ephemeral on wires A and B, which do not mark it. */
const EPHEMERAL = /^(user\.speaking|bot\.word|audio\.metrics|eager\.turn|speech\..+|turn\..+)$/;
/** Not events: greetings and keep-alives of the SDK, markers of the call log. */
const CONTROL = new Set(['connected', 'ping', 'pong', 'log.caught_up', 'log.gap']);
const ONCE_A_CALL = new Set(['call.ringing', 'call.started', 'call.ended', 'call.summary']);
/** Types that a call has once for each message: the SDK itself guards by (type, callId, messageId). */
const ONCE_A_MESSAGE =
  /^(user\.message|bot\.(speaking|finished|interrupted)|message\.confirmed|reply\.rejected|whatsapp\.)/;
const FLAGS = new Map<unknown, boolean>([[true, true], ['true', true], [false, false], ['false', false]]); // prettier-ignore
const CALL_IDS = ['callId', 'sessionId'];
/** Names that our envelope uses in `data`: an entry's own field of that name is kept beside it as `entryAgent`. */
const OURS = ['agent', 'callId', 'at', 'seq'];
/** The fields in which an event of wires A and B says when it happened; the first that is present counts. */
const TIMES = ['at', 'timestamp', 'ts'];

/** The value as an envelope of the call log; undefined for an object of wires A and B. */
export function logEntryIn(value: Fields): LogEntry | undefined {
  const isEnvelope = 'ts' in value && 'call' in value && isObject(value['data']);
  const isEntry = isEnvelope && typeof value['seq'] === 'number' && typeof value['type'] === 'string';
  return isEntry ? (value as Fields & LogEntry) : undefined;
}

/** True for a marker or greeting, which the reader of a wire handles and which is never stored. */
export function isControl(type: unknown): boolean {
  return typeof type === 'string' && CONTROL.has(type);
}

/**
 * Wires A and B: `word` is the SSE event's name, or the `event` of a WebSocket message. `frame`: the object around the
 * data, if any; it may hold the time.
 */
export function decodeAgentEvent(word: unknown, said: Fields, frame: Fields = {}): DecodedEvent {
  const type = typeof word === 'string' ? ourTypeOf(word) : word;
  const data = withTextIds(said);
  const isWhatsApp = typeof type === 'string' && type.startsWith('whatsapp.');
  const callId = data['callId'] ?? (isWhatsApp ? data['sessionId'] : undefined);
  return {
    type,
    agent: data['agent'],
    callId,
    at: timeIn(data, frame),
    ephemeral: typeof type === 'string' && EPHEMERAL.test(type),
    identity: typeof type === 'string' ? agentEventIdentity(type, callId, data) : undefined,
    data,
  };
}

/** Wire C: an entry that is not a control marker. */
export function decodeLogEntry(entry: LogEntry): DecodedEvent {
  const { type, data, ephemeral } = translate(entry);
  const callId = idIn(entry.call ?? entry.data['call']);
  const { call: _call, ...fields } = data;
  return {
    type,
    agent: entry.agent,
    callId,
    at: timeOf(entry),
    ephemeral,
    identity: entry.call === null ? ['agent-log', entry.agent, entry.seq] : ['call-log', entry.call, entry.seq],
    // `bot.corrected.supersedes` refers to `seq`; wire A's frames carry it under the same name.
    data: { ...besideOurs(entry.call === null ? fields : data, entry, callId), callId, seq: entry.seq },
  };
}

/** The entry's own facts under names that our envelope also uses: `call.routed {"agent"}` names the new agent. */
function besideOurs(data: Fields, { agent, seq }: LogEntry, callId: unknown): Fields {
  if (!OURS.some((name) => name in data)) return data;
  const ours: Fields = { agent, callId, seq };
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => {
      if (!OURS.includes(key)) return [[key, value]];
      return value === ours[key] ? [] : [[`entry${key.charAt(0).toUpperCase()}${key.slice(1)}`, value]];
    }),
  );
}

/** On wire B a payload's own `event` wins: `whatsapp.session_ended` is wire A's `whatsapp.sessionEnded`. */
function ourTypeOf(word: string): string {
  const [, prefix, rest = ''] = /^(whatsapp\.)(.+)$/.exec(word) ?? [];
  return prefix === undefined ? word : prefix + camelCase(rest);
}

/** A boolean may come as text: "false" in quotes is false. Undefined: neither is given. */
function flagIn(value: unknown): boolean | undefined {
  return FLAGS.get(value);
}

function translate(entry: LogEntry): { type: string; data: Fields; ephemeral: boolean } {
  const { type, data } = entry;
  const isActive = flagIn(data['active']);
  if (type === 'user.speaking' && isActive !== undefined) {
    const { active: _active, ...rest } = data;
    return { type: isActive ? 'speech.started' : 'speech.ended', data: toCustomerKeys(rest), ephemeral: true };
  }
  if (type === 'user.message' && flagIn(data['final']) === false) {
    const { final: _final, ...rest } = data;
    return { type: 'user.speaking', data: toCustomerKeys(rest, 'messageId'), ephemeral: true };
  }
  const isMessage = type === 'user.message' || type.startsWith('bot.');
  const { channel, ...rest } = data;
  const fields = type === 'call.started' && channel !== undefined ? { ...rest, transport: channel } : data;
  return {
    type,
    data: toCustomerKeys(fields, isMessage ? 'messageId' : 'id'),
    ephemeral: flagIn(entry.ephemeral) ?? false,
  };
}

/** Top level only: the contents of `args`, `result`, `metadata`, `metrics` belong to the agent's author. */
function toCustomerKeys(data: Fields, idKey: 'messageId' | 'id' = 'id'): Fields {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key === 'id' ? idKey : key === 'w' ? 'word' : camelCase(key), value]),
  );
}

export function camelCase(key: string): string {
  return /^[a-z]/.test(key) ? key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : key;
}

/**
 * What makes a repeat of an event of wires A and B recognisable. It is the event's own identity if its type has one,
 * otherwise its whole content if that holds something unique (a time, a number, a message). Absent: a repeat cannot be
 * told from a new event.
 */
function agentEventIdentity(type: string, callId: unknown, data: Fields): readonly unknown[] | undefined {
  // One log may have two agents, one after the other, each with its own start: the agent distinguishes them.
  if (callId !== undefined && ONCE_A_CALL.has(type)) return ['call', callId, type];
  const messageId = idIn(data['messageId']);
  if (ONCE_A_MESSAGE.test(type) && typeof messageId === 'string' && messageId !== '') {
    // A message may come in pieces, each under the same id.
    const text = data['text'] === undefined ? [] : [data['text']];
    return ['message', data['agent'], callId, type, messageId, data['status'], ...text];
  }
  const { event: _event, ...content } = data;
  const unique = ['timestamp', 'ts', 'seq', 'at', 'id', 'toolCallId'].some((name) => content[name] !== undefined);
  return unique ? ['content', type, content] : undefined;
}

/** An id may come as a number. Everything else stays unchanged. */
function idIn(value: unknown): unknown {
  return digitsOf(value) ?? value;
}

/** Readers name a call by text, so the data does too. */
function withTextIds(data: Fields): Fields {
  const numbers = CALL_IDS.filter((name) => digitsOf(data[name]) !== undefined);
  return numbers.length === 0
    ? data
    : { ...data, ...Object.fromEntries(numbers.map((name) => [name, idIn(data[name])])) };
}

/** When it happened, from the first of these that says so; null says nothing. */
function timeIn(...said: readonly Fields[]): DecodedEvent['at'] {
  for (const fields of said) {
    const field = TIMES.find((name) => fields[name] !== undefined && fields[name] !== null);
    if (field !== undefined) return writtenTime(fields[field]) ?? { unreadable: field };
  }
  return undefined;
}

/** The call log counts in seconds; other values are read like any sender's time. */
function timeOf(entry: LogEntry): DecodedEvent['at'] {
  return timeOfSeconds(numberIn(entry.ts)) ?? timeIn({ ts: entry.ts });
}
