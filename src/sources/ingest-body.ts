/** The bodies that /v1/ingest takes, pure: one JSON object, an array, or NDJSON; wire A/B objects or log envelopes. */
import { parseJson } from '../common/json.js';
import { FieldError, Problem } from '../common/problem.js';
import type { DecodedEvent } from '../events/event.js';
import { decodeAgentEvent, decodeLogEntry, decodeLogGap, isControl, isLogEntry, isObject } from './pinecall/decode.js';

/** One element of the body: an event, something that is not stored, or a fault. */
export type IngestItem = { readonly event: DecodedEvent } | { readonly control: true } | { readonly problem: Problem };

/** Most events in one request. */
export const MAX_ITEMS = 10_000;

/** Throws `validation` when the body as a whole cannot be read. */
export function readIngestBody(text: string, isNdjson: boolean): IngestItem[] {
  if (isNdjson) return checkCount(text.split(/\r?\n/).filter((line) => line.trim() !== '')).map(readLine);
  let body: unknown;
  try {
    body = parseJson(text);
  } catch {
    throw new Problem('validation', 'The body is not JSON.', { errors: [{ path: '', message: 'is not JSON' }] });
  }
  return Array.isArray(body) ? checkCount(body).map(readItem) : [readItem(body)];
}

function checkCount<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length > MAX_ITEMS)
    throw new Problem('payload-too-large', `A request may have at most ${MAX_ITEMS} events.`);
  if (items.length === 0)
    throw new Problem('validation', 'The body holds no event.', { errors: [{ path: '', message: 'is empty' }] });
  return items;
}

function readLine(line: string): IngestItem {
  try {
    return readItem(parseJson(line));
  } catch {
    return fault({ path: '', message: 'is not JSON' });
  }
}

function readItem(item: unknown): IngestItem {
  if (!isObject(item)) return fault({ path: '', message: 'must be an object' });
  if (isLogEntry(item)) {
    if (item.type === 'log.gap' && item.call !== null) return { event: decodeLogGap(item, item.call) };
    return isControl(item.type) ? { control: true } : { event: decodeLogEntry(item) };
  }
  // A frame of wire A written down as {event, data}, or an object of wire B with its type in `event`.
  const { event: type, ...fields } = item;
  if (isControl(type)) return { control: true };
  const data = isObject(item['data']) && item['agent'] === undefined ? item['data'] : fields;
  return { event: decodeAgentEvent(type, data) };
}

function fault(error: FieldError): IngestItem {
  return { problem: new Problem('validation', 'The event is not valid.', { errors: [error] }) };
}
