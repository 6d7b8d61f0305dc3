/** Calls and their parts as rows of the database, pure. */
import { createHash } from 'node:crypto';
import type { TenantId } from '../../common/ids.js';
import { parseJson, serialiseJson } from '../../common/json.js';
import type { CallName, LoggedEvent } from '../../events/log/event.js';
import type { CallEvent } from '../fold/call-event.js';
import { type Part, keyOfPart, latenciesIn } from '../fold/call-part.js';
import type { CallHead, CallState } from '../fold/call-state.js';
import { summaryOf } from '../fold/call-view.js';
import { placeOf } from '../fold/course-state.js';
import { type Keyed, withValue } from '../fold/keyed.js';
import { valuesOf } from '../fold/latencies-state.js';
import type { MessageState } from '../fold/message-state.js';
import { NOTHING_MEASURED, qualityOf } from '../fold/quality.js';
import { callerWords, vectorOf, wordsIn } from '../search/search-words.js';
import { finalText, isSaid } from '../fold/transcript.js';

/** Longest key that the index holds as it is. An id may be as long as an event. */
export const MAX_KEY = 300;
/** A year: a longer duration is a mistake. */
const MAX_DURATION = 366 * 86_400;
/** Longest name that is only counted, in characters. */
const MAX_LABEL = 64;

/** The reducer's input, numbered as the call's tenant counts. Nobody's events have the platform's numbers. */
export function callEventOf({ seq, position, type, at, data }: LoggedEvent): CallEvent {
  return { seq: seq ?? position, type, at, data: parseJson(data) as CallEvent['data'] };
}

/** The column `tenant_id`: nobody is the empty text, which is no tenant's id. */
export function tenantColumn(tenantId: TenantId | null): string {
  return tenantId ?? '';
}

export function tenantIn(column: string): TenantId | null {
  return column === '' ? null : (column as TenantId);
}

/** The column `key`: PostgreSQL takes neither NUL nor keys of any length. */
export function keyColumn(key: string): string {
  if (key.length <= MAX_KEY && !key.includes('\0')) return key;
  return `hash ${createHash('sha256').update(key).digest('base64url')}`;
}

/** The columns of a call, in the order of call-store.ts. */
export function callColumns({ tenantId, callId }: CallName, state: CallState): unknown[] {
  const { parts: _parts, ...head } = state;
  const {
    agent,
    state: phase,
    transport,
    reason,
    startedAt,
    endedAt,
    duration,
    from,
    to,
    direction,
    name,
  } = summaryOf(head);
  const tenant = tenantColumn(tenantId);
  // Who called, and who was called, unless that is the line on which the caller came in.
  const others = [from, isInbound(direction) ? null : to].filter((address) => address !== null);
  return [
    tenant,
    callId,
    agent,
    phase,
    labelOf(transport),
    labelOf(reason),
    startedAt,
    endedAt,
    countable(duration),
    head.last.value,
    vectorOf(callerWords(name, others), tenant),
    serialiseJson(head),
    ...qualityColumns(state),
  ];
}

/** The columns that lists are sorted by and numbers are made from. `latencies` null: they stay as they were. */
function qualityColumns({ measures, incomplete, parts }: CallState): unknown[] {
  const { latency, tools, score, interruptions } = qualityOf(measures);
  const turns = latenciesIn(parts);
  return [
    latency?.p50 ?? null,
    latency?.p95 ?? null,
    latency?.max ?? null,
    latency?.n ?? null,
    // In PostgreSQL's text form of an array, because an array of arrays would have to be a rectangle.
    turns === undefined ? null : `{${valuesOf(turns).join(',')}}`,
    tools.calls,
    tools.failed,
    interruptions,
    score?.passed ?? null,
    measures.escalated,
    incomplete,
  ];
}

/** The columns of a part, in the order of call-store.ts. */
export function partColumns({ tenantId, callId }: CallName, key: string, part: Part, byLog: boolean): unknown[] {
  const tenant = tenantColumn(tenantId);
  const text = part.kind === 'message' && isSaid(part) ? finalText(part) : '';
  const words = wordsIn(text).map(({ word }) => word);
  return [
    tenant,
    callId,
    keyColumn(key),
    part.kind,
    shownAt(part, byLog),
    text.replaceAll('\0', '\ufffd'),
    words.length === 0 ? '' : vectorOf(words, tenant),
    serialiseJson(part),
  ];
}

/** The column `seq`: null for a part that is not shown. */
function shownAt(part: Part, byLog: boolean): number | null {
  if (part.kind === 'tool' || (part.kind === 'message' && isSaid(part)))
    return placeOf({ seq: part.first.seq, order: part.order ?? null }, byLog);
  return null;
}

/**
 * An older version did not write the latter fields. Undefined for a text that is no JSON, which an older version
 * accepted: it counts as unknown, so that it does not hold up other calls, and a rebuild makes it anew.
 */
export function headIn(text: string): CallHead | undefined {
  const kept = parsedOrUndefined(text) as (Omit<CallHead, keyof typeof NEWER> & Partial<CallHead>) | undefined;
  return kept && { ...NEWER, ...kept, measures: { ...NOTHING_MEASURED, ...kept.measures } };
}

const NEWER = {
  events: 0,
  truncated: false,
  byLog: null,
  lastLine: null,
  measures: NOTHING_MEASURED,
  desk: [],
  recording: null,
  fired: [],
};

/** Undefined as in {@link headIn}. */
export function partIn(text: string): Part | undefined {
  const kept = parsedOrUndefined(text) as
    Exclude<Part, MessageState> | (Omit<MessageState, 'corrected'> & Partial<MessageState>) | undefined;
  return kept?.kind === 'message' ? { ...kept, corrected: kept.corrected ?? null } : kept;
}

/** The parts in the column `state` of several rows. */
export function partsIn(texts: readonly string[]): Keyed<Part> {
  return texts.reduce<Keyed<Part>>((parts, text) => {
    const part = partIn(text);
    return part === undefined ? parts : withValue(parts, keyOfPart(part), part);
  }, []);
}

function parsedOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function isInbound(direction: string | null): boolean {
  return /^in/i.test(direction ?? '');
}

/** Seconds that can be added up, whatever upstream sends. */
function countable(duration: number | null): number | null {
  return duration === null ? null : Math.min(Math.max(duration, 0), MAX_DURATION);
}

function labelOf(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\0', '\ufffd').slice(0, MAX_LABEL);
}
