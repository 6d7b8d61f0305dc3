/** A gateway's SSE streams: bytes in, the JSON of whole frames out. */
import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';
import { parseJson } from '../../common/json.js';

/** Longest frame: an entry of an agent's state may be large. Bounds memory a stream. */
const MAX_FRAME_LENGTH = 4 * 1024 * 1024;

/** The frame is longer than we accept: the log is read in pages for a while. */
export class FrameTooLong extends Error {}

/**
 * The values of the frames' data, in order of arrival; undefined for data that is not JSON. Ends with the stream.
 * Throws if the stream breaks, if a frame is too long, or if nothing, not even a comment, came for `silenceMs`: then it
 * is dead. While its reader works nothing is read, which holds the server back.
 */
export async function* framesOf(body: Readable, silenceMs: number): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let values: unknown[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_FRAME_LENGTH,
    onEvent: ({ data }) => values.push(valueOf(data)),
    onError: ({ type }) => (isTooLong ||= type === 'max-buffer-size-exceeded'),
  });
  const wait = () => setTimeout(() => body.destroy(new Error(`nothing came for ${silenceMs} ms`)), silenceMs);
  // Only time spent waiting for bytes counts.
  let timer = wait();
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      parser.feed(decoder.decode(chunk, { stream: true }));
      for (const value of values) yield value;
      values = [];
      if (isTooLong) throw new FrameTooLong(`a frame is longer than ${MAX_FRAME_LENGTH} characters`);
      timer = wait();
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // The reader passes it over and counts it.
  }
}
