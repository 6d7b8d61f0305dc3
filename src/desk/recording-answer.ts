/**
 * Passes audio on, piece by piece: no more is read than the client takes. What the upstream says of itself is not
 * passed on, apart from the type, the size and the range.
 */
import type { Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pause } from '../common/waiting.js';
import type { UpstreamAnswer } from '../sources/upstream-calls.js';

/** The upstream has stopped if no piece comes for this time while the client waits. */
const SILENT_MS = 30_000;
/** The longest answer. A player asks for the rest. */
const MAX_MS = 15 * 60_000;
const AUDIO = /^(audio\/[a-z0-9.+-]{1,40}|application\/ogg)\s*(;|$)/i;
const RANGE = /^bytes (\d+-\d+|\*)\/(\d+|\*)$/;

/** What a request asks for. Other forms of a range are passed over, as RFC 9110, 14.2 allows. */
export function rangeHeaders(range: string | undefined, ifRange: string | undefined): Record<string, string> {
  if (range === undefined || !/^bytes=(\d{1,15}-\d{0,15}|-\d{1,15})$/.test(range)) return {};
  // It cannot be told whether the audio is still the same, so all of it is sent.
  if (ifRange !== undefined && !/^[\x20-\x7e]{1,200}$/.test(ifRange)) return {};
  return { range, ...(ifRange !== undefined && { 'if-range': ifRange }) };
}

export function contentRangeOf(answer: UpstreamAnswer): string | undefined {
  const range = answer.header('content-range');
  return range !== undefined && RANGE.test(range) ? range : undefined;
}

/** True if it is audio as it lies there. A page of a login, say, is none. */
export function isAudio(answer: UpstreamAnswer): boolean {
  const encoding = answer.header('content-encoding') ?? 'identity';
  const type = answer.header('content-type') ?? '';
  const isKnown = AUDIO.test(type) || /^(application|binary)\/octet-stream/i.test(type);
  return isKnown && encoding === 'identity' && (answer.status === 200 || contentRangeOf(answer) !== undefined);
}

/** The source stopped in the middle of the audio. */
export class BrokenOff extends Error {}

export interface Passing {
  /** After how many milliseconds a piece of that size may be followed by the next. */
  readonly charge: (bytes: number) => number;
  /** Ends the sending: the call was erased. */
  readonly stop: AbortSignal;
}

/**
 * Resolves when the client has it all. Rejects when either side has gone ({@link BrokenOff}: the source), and then the
 * client sees that it is cut.
 */
export async function passOn(answer: UpstreamAnswer, response: Response, { charge, stop }: Passing): Promise<void> {
  const { body } = answer;
  response.status(answer.status === 206 ? 206 : 200);
  for (const [name, value] of headersOf(answer)) response.setHeader(name, value);
  if (response.req.method === 'HEAD') {
    body.destroy();
    response.end();
    return;
  }
  const signal = AbortSignal.any([stop, AbortSignal.timeout(MAX_MS)]);
  await pipeline(pieces(body, charge, signal), response, { signal });
}

function headersOf(answer: UpstreamAnswer): [string, string][] {
  const type = AUDIO.exec(answer.header('content-type') ?? '')?.[1]?.toLowerCase() ?? 'audio/ogg';
  const range = answer.status === 206 ? contentRangeOf(answer) : undefined;
  const kept = ['content-length', 'etag', 'last-modified'].flatMap((name): [string, string][] => {
    const value = answer.header(name);
    return value !== undefined && SAFE[name]?.test(value) ? [[name, value]] : [];
  });
  return [
    ['Content-Type', type],
    ['Accept-Ranges', 'bytes'],
    // Opened as a page of its own it is a file, whatever it holds.
    ['Content-Disposition', `attachment; filename="recording.${EXTENSIONS[type] ?? 'audio'}"`],
    ...(range === undefined ? [] : ([['Content-Range', range]] as [string, string][])),
    ...kept,
  ];
}

const SAFE: Readonly<Record<string, RegExp>> = {
  'content-length': /^\d{1,15}$/,
  etag: /^(W\/)?"[\x21\x23-\x7e]{0,100}"$/,
  'last-modified': /^[\w ,:+-]{1,40}$/,
};

const EXTENSIONS: Readonly<Record<string, string>> = {
  'audio/ogg': 'ogg',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mp4': 'm4a',
  'audio/webm': 'webm',
};

/** The body, with the waits in between that the tenant's share asks for. */
async function* pieces(body: Readable, charge: Passing['charge'], signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reading = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(new Error('nothing came for too long')), SILENT_MS);
      const next = reading.next().finally(() => clearTimeout(timer));
      const step: IteratorResult<Uint8Array, unknown> = await next.catch((error: unknown) => {
        throw new BrokenOff('the source stopped', { cause: error });
      });
      if (step.done) return;
      yield step.value;
      const waitMs = charge(step.value.byteLength);
      if (waitMs > 0) await pause(waitMs, signal);
    }
  } finally {
    body.destroy();
  }
}
