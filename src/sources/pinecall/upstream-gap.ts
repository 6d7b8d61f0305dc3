/**
 * What we store where a call log cannot replay: readers are told where the gap is, and what is known of it. Pure. The
 * marker may bring a snapshot of the call; the call's start may be known from its agent's log.
 */
import { isObject, numberIn } from '../../common/exact-number.js';
import { serialiseJson } from '../../common/json.js';
import { timeOfSeconds, writtenTime } from '../../common/written-time.js';
import type { DecodedEvent } from '../../events/log/event.js';
import { type LogEntry } from './decode.js';

type Fields = Readonly<Record<string, unknown>>;

/** Room for a snapshot within the size of an event (events/log/event.ts); its oldest lines go first. */
const MAX_SNAPSHOT_BYTES = 48 * 1024;
/** How many lines and tools of a snapshot are kept: the newest. */
const MAX_ITEMS = 200;

/**
 * Durable, so that later readers are told too. `start`: the entry of the agent's log that named the call. The time of
 * the marker is no time of the call.
 */
export function decodeLogGap(marker: LogEntry, callId: string, start?: LogEntry): DecodedEvent {
  const { from, resume_from: resumeFrom } = marker.data;
  const known = snapshotIn(marker.data['snapshot'], start);
  return {
    type: 'log.gap',
    agent: marker.agent,
    callId,
    at: undefined,
    ephemeral: false,
    identity: ['call-log-gap', callId, from, resumeFrom],
    data: { callId, after: from, resumeFrom, reason: 'upstream', ...(known && { snapshot: known }) },
  };
}

/**
 * In the customers' vocabulary: `{startedAt, from, to, direction, transport, endedReason, handoff, messages,
 * toolCalls}`, as far as known.
 */
function snapshotIn(snapshot: unknown, start: LogEntry | undefined): Fields | undefined {
  const said = isObject(snapshot) ? snapshot : {};
  const begun = start?.data ?? {};
  const own = present({
    startedAt: timeIn(said['started_at']) ?? (start?.type === 'call.started' ? timeIn(start.ts) : undefined),
    from: said['from'] ?? begun['from'],
    to: said['to'] ?? begun['to'],
    direction: said['direction'] ?? begun['direction'],
    transport: said['channel'] ?? begun['channel'],
    endedReason: said['ended_reason'],
    handoff: said['handoff'],
  });
  const lists = fitting(itemsIn(said['messages'], messageIn), itemsIn(said['tool_calls'], toolIn));
  const known = { ...own, ...lists };
  return Object.keys(known).length === 0 ? undefined : known;
}

function fitting(messages: readonly Fields[], toolCalls: readonly Fields[]): Fields {
  for (let [lines, tools] = [messages, toolCalls]; ;) {
    const lists = { ...(lines.length > 0 && { messages: lines }), ...(tools.length > 0 && { toolCalls: tools }) };
    if (Buffer.byteLength(serialiseJson(lists)) <= MAX_SNAPSHOT_BYTES) return lists;
    [lines, tools] = [lines.slice(Math.ceil(lines.length / 2)), tools.slice(Math.ceil(tools.length / 2))];
  }
}

function messageIn(message: Fields): Fields | undefined {
  const { role, text, content, id, message_id: messageId, seq } = message;
  const said = text ?? content;
  if (typeof said !== 'string' || said === '') return undefined;
  const isUser = role === 'user' || role === 'caller';
  const at = timeIn(message['ts'] ?? message['at']);
  return present({ role: isUser ? 'user' : 'bot', text: said, messageId: id ?? messageId, at, seq: numberIn(seq) });
}

function toolIn(tool: Fields): Fields | undefined {
  const { id, call_id: callId, name, args, arguments: given, result, error, ms, seq } = tool;
  const at = timeIn(tool['ts'] ?? tool['at']);
  return present({ id: id ?? callId, name, args: args ?? given, result, error, ms, at, seq: numberIn(seq) });
}

function itemsIn(list: unknown, read: (item: Fields) => Fields | undefined): Fields[] {
  const items = Array.isArray(list) ? (list as readonly unknown[]) : [];
  return items
    .slice(-MAX_ITEMS)
    .map((item) => (isObject(item) ? read(item) : undefined))
    .filter((item) => item !== undefined);
}

/** ISO 8601. */
function timeIn(value: unknown): string | undefined {
  const time = timeOfSeconds(numberIn(value)) ?? writtenTime(value);
  return time?.toISOString();
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
