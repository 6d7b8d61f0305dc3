/**
 * Cuts JSON lines, or a JSON array, into requests for /v1/ingest. Lines are cut as they come in, so a pipe that goes on
 * for days is sent as it flows, and little is held; an array is read to its end first, and refused whole if it is no
 * JSON. Pure.
 */
import { elementsOf, isArrayText } from '../common/json-shape.js';

/** A request that a tenant's token may send, too (docs/protocol.md, section 9.1). */
const MAX_BYTES = 1024 * 1024;
const MAX_EVENTS = 1000;

export interface Batch {
  /** One event a line. */
  readonly body: string;
  /** Where each of them stands in the input, in words. */
  readonly places: readonly string[];
}

/** The input cannot be read any further. */
export class InputError extends Error {}

interface Item {
  readonly text: string;
  readonly place: string;
}

/** Throws {@link InputError}. */
export async function* batchesIn(chunks: AsyncIterable<string>): AsyncGenerator<Batch, void, undefined> {
  let rest = '';
  let line = 0;
  let isArray: boolean | undefined;
  for await (const chunk of chunks) {
    rest += chunk;
    isArray ??= isBlank(rest) ? undefined : isArrayText(rest);
    if (isArray !== false) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* batchesOf(lines.map((text, index) => ({ text, place: `line ${line + index + 1}` })));
    line += lines.length;
    if (rest.length > MAX_BYTES) throw new InputError(`line ${line + 1} is too long; is there one event a line?`);
  }
  yield* batchesOf(isArray ? entriesOf(rest) : [{ text: rest, place: `line ${line + 1}` }]);
}

function* batchesOf(items: Iterable<Item>): Generator<Batch, void, undefined> {
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    // The server passes over blank lines, too, and does not count them.
    if (isBlank(item.text)) continue;
    const size = Buffer.byteLength(item.text) + 1;
    if (batch.length > 0 && (batch.length === MAX_EVENTS || bytes + size > MAX_BYTES)) {
      yield batchOf(batch);
      [batch, bytes] = [[], 0];
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batchOf(batch);
}

const batchOf = (items: readonly Item[]): Batch => ({
  body: items.map(({ text }) => text).join('\n'),
  places: items.map(({ place }) => place),
});

/** The entries of an array, each on a line of its own. */
function entriesOf(text: string): Item[] {
  const items: Item[] = [];
  let line = linesBefore(text.slice(0, text.indexOf('[')));
  try {
    for (const { json } of elementsOf(text)) {
      const begins = line + linesBefore(/^\s*/.exec(json)?.[0] ?? '');
      const place = `entry ${items.length + 1} (line ${begins + 1})`;
      if (!isJson(json)) throw new InputError(`${place} is not JSON; nothing was sent`);
      // Outside of its texts, where JSON has none, a line break is a space.
      items.push({ text: json.replace(/[\r\n]+/g, ' ').trim(), place });
      line += linesBefore(json);
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`${error.message}; nothing was sent`);
    throw error;
  }
  return items;
}

const isBlank = (text: string) => /^[\t\n\r ]*$/.test(text);
const linesBefore = (text: string) => text.split('\n').length - 1;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
