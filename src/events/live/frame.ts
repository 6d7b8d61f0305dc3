/**
 * What is written to readers: frames of text/event-stream, safe by construction (docs/security-rules.md, rule 10), and
 * the chunks that carry them. Types were checked at admission, ids are numbers, and data is one line of JSON that we
 * serialised. docs/protocol.md, sections 4 and 5, says what frames mean to clients. Source:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { type LoggedEvent, shownData } from '../log/event.js';

/**
 * Frames as one chunk of an HTTP/1.1 body (RFC 9112, 7.1). A chunk is made once for all readers of the same frames.
 * Each connection is given the whole buffer; nothing is formatted or copied for a single reader.
 */
export class Chunk {
  /** The chunk's size line, the frames, and the line that ends the chunk. */
  readonly bytes: Buffer;
  private readonly start: number;

  constructor(frames: string | Buffer) {
    const head = `${Buffer.byteLength(frames).toString(16)}\r\n`;
    this.start = head.length;
    this.bytes =
      typeof frames === 'string'
        ? Buffer.from(`${head}${frames}\r\n`)
        : Buffer.concat([Buffer.from(head), frames, Buffer.from('\r\n')]);
  }

  /** The frames alone, for a body that is not chunked (HTTP/1.0). The same memory, not a copy. */
  get frames(): Buffer {
    return this.bytes.subarray(this.start, this.bytes.length - 2);
  }
}

/** An event as a tenant's readers get it. A durable event moves the reader's cursor; an ephemeral one has no id. */
export function eventFrame(event: LoggedEvent): string {
  const { type, seq } = event;
  const data = shownData(event);
  return seq === null ? `event: ${type}\ndata: ${data}\n\n` : `event: ${type}\nid: ${seq}\ndata: ${data}\n\n`;
}

/**
 * An event as admins get it: numbered by position, with its tenant. The tenant comes last because a source may call a
 * field of its own "tenant", and of two equal keys a reader takes the last.
 */
export function platformFrame({ type, ephemeral, position, data, tenantId }: LoggedEvent): string {
  const id = ephemeral ? '' : `id: ${position}\n`;
  return `event: ${type}\n${id}data: ${data.slice(0, -1)},"tenant":${JSON.stringify(tenantId)}}\n\n`;
}

/** What the stream itself says to its reader. */
export function controlFrame(
  type: 'connected' | 'log.gap' | 'log.caught_up' | 'agents.changed' | 'token.expiring',
  data: Readonly<Record<string, unknown>>,
  id?: number,
): Chunk {
  return new Chunk(`event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
}

/**
 * Moves a reader's cursor without an event: a browser keeps the id of a block that has no data (WHATWG HTML, 9.2.6).
 */
export function cursorFrame(comment: string, id: number): Chunk {
  return new Chunk(`:${comment}\nid: ${id}\n\n`);
}

/** The sign of life of a stream that has nothing to send. */
export const PING = new Chunk(':ping\n\n');

/**
 * One of the two numberings of the log. A reader's cursor counts in one of them; the ids of its frames are numbers of
 * it.
 */
export interface Numbering {
  /** The name of the numbering and of the form of its frames. Readers with different names share no frames. */
  readonly name: string;
  /** The number that the reader's cursor counts; null for an ephemeral event. */
  readonly numberOf: (event: LoggedEvent) => number | null;
  readonly frameOf: (event: LoggedEvent) => string;
}

/** A tenant's own numbers (`seq`). */
export const TENANT_NUMBERING: Numbering = { name: 'tenant', numberOf: ({ seq }) => seq, frameOf: eventFrame };

/** The platform's numbers (`position`), for admins. */
export const PLATFORM_NUMBERING: Numbering = {
  name: 'platform',
  numberOf: ({ position, ephemeral }) => (ephemeral ? null : position),
  frameOf: platformFrame,
};
