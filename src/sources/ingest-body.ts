/**
 * The bodies that /v1/ingest accepts: one JSON object, an array, or NDJSON; wire A/B objects or log envelopes
 * (docs/protocol.md, section 9.2). Pure. A body is split before it is parsed. So for an element that is too large or
 * too deep only its characters are scanned, and the caller may pause between two elements.
 */
import { parseJson } from '../common/json.js';
import { depthOf, elementsOf, isArrayText, linesOf } from '../common/json-shape.js';
import { FieldError, Problem } from '../common/problem.js';
import { type DecodedEvent, MAX_DATA_BYTES, MAX_DATA_DEPTH, TOO_DEEP, tooLarge } from '../events/log/event.js';
import { decodeAgentEvent, decodeLogEntry, isControl, logEntryIn } from './pinecall/decode.js';
import { decodeLogGap } from './pinecall/upstream-gap.js';
import { decodeEntry, isSecondGeneration } from './pinecall2/decode.js';
import { isMarker, readEntry as readSecondEntry } from './pinecall2/entry.js';
import { isObject } from '../common/exact-number.js';

/** One element of the body: an event with the element's other information, something that is not stored, or a fault. */
export type IngestItem =
  | { readonly event: DecodedEvent; readonly more?: readonly DecodedEvent[] }
  | { readonly control: true }
  | { readonly problem: Problem };

/** The most events in one request. */
export const MAX_ITEMS = 10_000;

/**
 * The longest text of an element. JSON may be written with escapes and spaces, so it can be several times an event's
 * size.
 */
const MAX_ELEMENT_LENGTH = 4 * MAX_DATA_BYTES;
/** The size up to which a body is parsed at once: no element is too large, and all of it takes a millisecond or two. */
const SHORT = MAX_DATA_BYTES;
/** The data of an event is in the event or in its envelope. */
const MAX_ELEMENT_DEPTH = MAX_DATA_DEPTH + 1;

/**
 * The elements in order, each parsed when it is asked for. Throws `validation` if the body as a whole cannot be read.
 */
export function* itemsIn(body: string, isNdjson: boolean): Generator<IngestItem, void, undefined> {
  let count = 0;
  for (const item of isNdjson ? itemsOfLines(body) : itemsOfJson(body)) {
    if (++count > MAX_ITEMS) throw new Problem('payload-too-large', `A request may have at most ${MAX_ITEMS} events.`);
    yield item;
  }
  if (count === 0)
    throw new Problem('validation', 'The body holds no event.', { errors: [{ path: '', message: 'is empty' }] });
}

/** In NDJSON, a line that cannot be read is a fault of its own. */
function* itemsOfLines(body: string): Generator<IngestItem, void, undefined> {
  for (const line of linesOf(body)) {
    try {
      yield readElement(line, depthOf(line));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      yield fault(NO_JSON);
    }
  }
}

function* itemsOfJson(body: string): Generator<IngestItem, void, undefined> {
  try {
    if (body.length <= SHORT) yield* itemsOfValue(parseJson(body));
    else if (!isArrayText(body)) yield readElement(body, depthOf(body));
    else for (const { json, depth } of elementsOf(body)) yield readElement(json, depth);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Problem('validation', 'The body is not JSON.', { errors: [NO_JSON] });
  }
}

function* itemsOfValue(value: unknown): Generator<IngestItem, void, undefined> {
  if (!Array.isArray(value)) yield readItem(value);
  else for (const item of value) yield readItem(item);
}

const NO_JSON: FieldError = { path: '', message: 'is not JSON' };

/** Throws SyntaxError. */
function readElement(json: string, depth: number): IngestItem {
  if (depth > MAX_ELEMENT_DEPTH) return fault(TOO_DEEP);
  if (json.length > MAX_ELEMENT_LENGTH) return { problem: tooLarge() };
  return readItem(parseJson(json));
}

function readItem(item: unknown): IngestItem {
  if (!isObject(item)) return fault({ path: '', message: 'must be an object' });
  const entry = logEntryIn(item);
  if (entry) {
    if (isSecondGeneration(entry)) return ofSecondGeneration(item);
    if (entry.type === 'log.gap' && entry.call !== null) return { event: decodeLogGap(entry, entry.call) };
    return isControl(entry.type) ? { control: true } : { event: decodeLogEntry(entry) };
  }
  // A frame of wire A as {event, data}, or an object of wire B with its type in `event`.
  const { event: type, ...fields } = item;
  if (isControl(type)) return { control: true };
  const { data, agent } = item;
  const isFrame = isObject(data) && agent === undefined;
  return { event: isFrame ? decodeAgentEvent(type, data, fields) : decodeAgentEvent(type, fields) };
}

/** Customers never see it, so it is not stored, like a marker. */
function ofSecondGeneration(item: unknown): IngestItem {
  const entry = readSecondEntry(item);
  if (!entry) return fault({ path: '', message: 'is no entry of a call log' });
  if (entry.call === null || isMarker(entry.type)) return { control: true };
  const [event, ...more] = decodeEntry(entry, entry.call).events;
  return event ? { event, more } : { control: true };
}

function fault(error: FieldError): IngestItem {
  return { problem: new Problem('validation', 'The event is not valid.', { errors: [error] }) };
}
