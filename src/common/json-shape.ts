/**
 * Finds the shape of a JSON text without parsing it: one pass over its characters, no recursion, no objects made. So
 * limits of depth and size are checked before a text is parsed, and a long array is parsed one element at a time. The
 * text between the brackets need not be valid JSON: the parser finds that out.
 */

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const BLANK = /^[\t\n\r ]*$/;

/** An element of an array, as it stands in the text. */
export interface Element {
  readonly json: string;
  /** How deep arrays and objects are nested in it: 0 for a scalar. */
  readonly depth: number;
}

export function isArrayText(json: string): boolean {
  return /^[\t\n\r ]*\[/.test(json);
}

/** How deep arrays and objects are nested: 0 for a scalar. Linear, for any text. */
export function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (code === ARRAY || code === OBJECT) deepest = Math.max(deepest, ++depth);
    else if (code === ARRAY_END || code === OBJECT_END) depth -= 1;
  }
  return deepest;
}

/** The elements of an array's text, in order. Throws SyntaxError if the text is not an array. */
export function* elementsOf(json: string): Generator<Element, void, undefined> {
  let start = json.indexOf('[') + 1;
  let depth = 0;
  let deepest = 0;
  let count = 0;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at);
    else if (code === ARRAY || code === OBJECT) deepest = Math.max(deepest, ++depth);
    else if (depth > 0) depth -= code === ARRAY_END || code === OBJECT_END ? 1 : 0;
    else if (code === COMMA || code === ARRAY_END) {
      const element = json.slice(start, at);
      if (code === COMMA || count > 0 || !BLANK.test(element)) yield { json: element, depth: deepest };
      if (code === ARRAY_END) return assertBlank(json.slice(at + 1));
      [start, deepest, count] = [at + 1, 0, count + 1];
    }
  }
  throw new SyntaxError('the array does not end');
}

/** The lines of a text that are not blank. */
export function* linesOf(text: string): Generator<string, void, undefined> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end === -1 ? text.length : end);
    if (!BLANK.test(line)) yield line;
    start += line.length + 1;
  }
}

/** The position of the closing quote of a string that opens at `from`; the end of the text if there is none. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let first = end;
    while (json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return json.length;
}

function assertBlank(rest: string): void {
  if (!BLANK.test(rest)) throw new SyntaxError('something stands after the end of the array');
}
