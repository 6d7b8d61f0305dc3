/**
 * Pinecall's wires in, the one customer vocabulary out. Pure. The vocabulary is wire A's (the SDK's SSE stream), because
 * that is what customers' dashboards read; the call log (wire C) is translated into it. Unknown types and fields pass.
 */
import { ExactNumber, numberIn } from '../../common/exact-number.js';
import type { DecodedEvent } from '../../events/event.js';

type Fields = Readonly<Record<string, unknown>>;

/** An entry of the call log: https://pinecall.io, "call log" envelope. `call` is null in an agent's log. */
export interface LogEntry {
  readonly seq: number;
  readonly ts: number;
  readonly call: string | null;
  readonly agent: string;
  readonly type: string;
  readonly ephemeral: boolean;
  readonly data: Fields;
}

/** Ephemeral on wires A and B, where nothing says so. */
const EPHEMERAL = /^(user\.speaking|bot\.word|audio\.metrics|eager\.turn|speech\..+|turn\..+)$/;
/** Not events: greetings and keep-alives of the SDK, markers of the call log. */
const CONTROL = new Set(['connected', 'ping', 'pong', 'log.caught_up', 'log.gap']);
const ONCE_A_CALL = new Set(['call.ringing', 'call.started', 'call.ended', 'call.summary']);
/** Types of which a call has one for each message: the SDK itself guards by (type, callId, messageId). */
const ONCE_A_MESSAGE =
  /^(user\.message|bot\.(speaking|finished|interrupted)|message\.confirmed|reply\.rejected|whatsapp\.)/;
/** `new Date(text)` alone would take "call 12" for December 2001. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** The envelope of the call log that a value is; undefined for an object of wires A and B. */
export function logEntryIn(value: Fields): LogEntry | undefined {
  // A time may have more digits than a double; a number of an entry is counted with, and may not.
  const ts = numberIn(value['ts']);
  const isEntry =
    typeof value['seq'] === 'number' && typeof value['type'] === 'string' && 'call' in value && isObject(value['data']);
  return isEntry && ts !== undefined ? ({ ...value, ts } as Fields & LogEntry) : undefined;
}

/** True for a marker or greeting that is handled by the reader of a wire and never stored. */
export function isControl(type: unknown): boolean {
  return typeof type === 'string' && CONTROL.has(type);
}

/** Wires A and B: `type` is the SSE event's name, or the `event` of a WebSocket message. */
export function decodeAgentEvent(type: unknown, data: Fields): DecodedEvent {
  const isWhatsApp = typeof type === 'string' && type.startsWith('whatsapp.');
  const callId = data['callId'] ?? (isWhatsApp ? data['sessionId'] : undefined);
  return {
    type,
    agent: data['agent'],
    callId,
    at: timeOf(data['at'] ?? data['timestamp'] ?? data['ts']),
    ephemeral: typeof type === 'string' && EPHEMERAL.test(type),
    identity: typeof type === 'string' ? agentEventIdentity(type, callId, data) : undefined,
    data,
  };
}

/** Wire C: an entry that is not a control marker. */
export function decodeLogEntry(entry: LogEntry): DecodedEvent {
  const { type, data, ephemeral } = translate(entry);
  const callId = entry.call ?? entry.data['call'];
  const { call: _call, ...fields } = data;
  return {
    type,
    agent: entry.agent,
    callId,
    at: timeOf(entry.ts),
    ephemeral,
    identity: entry.call === null ? ['agent-log', entry.agent, entry.seq] : ['call-log', entry.call, entry.seq],
    // `seq` is what `bot.corrected.supersedes` refers to; wire A's frames carry it under the same name.
    data: { ...(entry.call === null ? fields : data), callId, seq: entry.seq },
  };
}

/** The call log could not replay: its readers are told where the hole is. Durable, so that a later reader is told too. */
export function decodeLogGap(marker: LogEntry, callId: string): DecodedEvent {
  const { from, resume_from: resumeFrom } = marker.data;
  return {
    type: 'log.gap',
    agent: marker.agent,
    callId,
    at: timeOf(marker.ts),
    ephemeral: false,
    identity: ['call-log-gap', callId, from, resumeFrom],
    data: { callId, after: from, resumeFrom, reason: 'upstream' },
  };
}

function translate({ type, data, ephemeral }: LogEntry): { type: string; data: Fields; ephemeral: boolean } {
  if (type === 'user.speaking' && typeof data['active'] === 'boolean') {
    const { active, ...rest } = data;
    return { type: active ? 'speech.started' : 'speech.ended', data: toCustomerKeys(rest), ephemeral: true };
  }
  if (type === 'user.message' && data['final'] === false) {
    const { final: _final, ...rest } = data;
    return { type: 'user.speaking', data: toCustomerKeys(rest, 'messageId'), ephemeral: true };
  }
  const isMessage = type === 'user.message' || type.startsWith('bot.');
  const { channel, ...rest } = data;
  const fields = type === 'call.started' && channel !== undefined ? { ...rest, transport: channel } : data;
  return { type, data: toCustomerKeys(fields, isMessage ? 'messageId' : 'id'), ephemeral };
}

/** Top level only: what stands inside `args`, `result`, `metadata`, `metrics` is the agent author's own. */
function toCustomerKeys(data: Fields, idKey: 'messageId' | 'id' = 'id'): Fields {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key === 'id' ? idKey : key === 'w' ? 'word' : camelCase(key), value]),
  );
}

function camelCase(key: string): string {
  return /^[a-z]/.test(key) ? key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : key;
}

/**
 * What makes an event of wires A and B recognisable when it comes twice: its own identity where its type has one, else its
 * whole content where that holds something unique (a time, a number, a message). Absent: it cannot be told from a new one.
 */
function agentEventIdentity(type: string, callId: unknown, data: Fields): readonly unknown[] | undefined {
  if (callId !== undefined && ONCE_A_CALL.has(type)) return ['call', callId, type];
  const messageId = data['messageId'];
  if (ONCE_A_MESSAGE.test(type) && typeof messageId === 'string' && messageId !== '') {
    return ['message', data['agent'], callId, type, messageId, data['status']];
  }
  const { event: _event, ...content } = data;
  const unique = ['timestamp', 'ts', 'seq', 'at', 'id', 'toolCallId'].some((name) => content[name] !== undefined);
  return unique ? ['content', type, content] : undefined;
}

/** Unix seconds or an ISO 8601 time; anything else is no time. */
function timeOf(value: unknown): Date | undefined {
  const seconds = numberIn(value);
  const isText = typeof value === 'string' && ISO_TIME.test(value);
  const time = seconds !== undefined ? new Date(seconds * 1000) : isText ? new Date(value) : undefined;
  // PostgreSQL and ISO 8601 without a sign both end at the year 9999.
  const plausible = time !== undefined && time.getTime() >= 0 && time.getUTCFullYear() <= 9999;
  return plausible ? time : undefined;
}
