/** Calls and their parts as rows of the database, pure. */
import { createHash } from 'node:crypto';
import type { TenantId } from '../common/ids.js';
import { parseJson, serialiseJson } from '../common/json.js';
import type { CallName, LoggedEvent } from '../events/event.js';
import type { CallEvent } from './call-event.js';
import type { Part } from './call-part.js';
import type { CallHead, CallState } from './call-state.js';
import { summaryOf } from './call-view.js';
import { type Keyed, withValue } from './keyed.js';
import { messageKey } from './message-state.js';
import { callerWords, vectorOf, wordsIn } from './search-words.js';

/** Longest key that stands in the index as it is; an id may be as long as an event. */
const MAX_KEY = 300;
/** A year: what lasts longer is a mistake. */
const MAX_DURATION = 366 * 86_400;
/** Of what is only counted, in characters. */
const MAX_LABEL = 64;

/** What the reducer takes, numbered as the call's tenant counts; what is nobody's, as the platform does. */
export function callEventOf({ seq, position, type, at, data }: LoggedEvent): CallEvent {
  return { seq: seq ?? position, type, at, data: parseJson(data) as CallEvent['data'] };
}

/** The column `tenant_id`: nobody is the empty text, which is no tenant's id. */
export function tenantColumn(tenantId: TenantId | null): string {
  return tenantId ?? '';
}

/** The column `key`: PostgreSQL takes neither NUL nor keys of any length. */
export function keyColumn(key: string): string {
  if (key.length <= MAX_KEY && !key.includes('\0')) return key;
  return `hash ${createHash('sha256').update(key).digest('base64url')}`;
}

/** The columns of a call, in the order of call-store.ts. */
export function callColumns({ tenantId, callId }: CallName, state: CallState): unknown[] {
  const { parts: _parts, ...head } = state;
  const { agent, state: phase, transport, reason, startedAt, endedAt, duration, from, name } = summaryOf(head);
  const tenant = tenantColumn(tenantId);
  return [
    ...[tenant, callId, agent, phase, labelOf(transport), labelOf(reason), startedAt, endedAt, countable(duration)],
    ...[head.last.value, vectorOf(callerWords(from, name), tenant), serialiseJson(head)],
  ];
}

/** The columns of a part, in the order of call-store.ts; `text`: what a message says in the end. */
export function partColumns({ tenantId, callId }: CallName, key: string, part: Part, text: string): unknown[] {
  const tenant = tenantColumn(tenantId);
  const words = wordsIn(text).map(({ word }) => word);
  const seq = part.kind === 'correction' ? part.seq : part.first.seq;
  return [
    ...[tenant, callId, keyColumn(key), part.kind, seq, text.replaceAll('\0', '\ufffd')],
    ...[words.length === 0 ? '' : vectorOf(words, tenant), serialiseJson(part)],
  ];
}

export function headIn(text: string): CallHead {
  return parseJson(text) as CallHead;
}

/** The parts in the column `state` of several rows. */
export function partsIn(texts: readonly string[]): Keyed<Part> {
  let parts: Keyed<Part> = [];
  for (const text of texts) {
    const part = parseJson(text) as Part;
    parts = withValue(parts, keyOf(part), part);
  }
  return parts;
}

function keyOf(part: Part): string {
  if (part.kind === 'message') return messageKey(part.role, part.id, part.first.seq);
  return part.kind === 'tool' ? `tool ${part.id}` : `correction ${part.seq}`;
}

/** Seconds that can be added up, whatever upstream says. */
function countable(duration: number | null): number | null {
  return duration === null ? null : Math.min(Math.max(duration, 0), MAX_DURATION);
}

function labelOf(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\0', '\ufffd').slice(0, MAX_LABEL);
}
