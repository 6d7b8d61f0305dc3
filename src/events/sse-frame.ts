/**
 * Frames of text/event-stream, safe by construction (security rule 10): types were checked at admission, ids are numbers,
 * data is one line of JSON that we serialised. What they say to clients: docs/protocol.md, sections 4 and 5. Source:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { Chunk } from './chunk.js';
import type { LoggedEvent } from './event.js';

/** An event as a tenant's readers get it. A durable one moves the reader's cursor; an ephemeral one has no id. */
export function eventFrame({ type, seq, data }: LoggedEvent): string {
  return seq === null ? `event: ${type}\ndata: ${data}\n\n` : `event: ${type}\nid: ${seq}\ndata: ${data}\n\n`;
}

/**
 * An event as admins get it: numbered by position, with its tenant. The tenant stands last, because of two equal keys a
 * reader takes the last, and a source may call a field of its own "tenant".
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

/** Moves a reader's cursor without an event: a browser keeps the id of a block that has no data (WHATWG HTML, 9.2.6). */
export function cursorFrame(comment: string, id: number): Chunk {
  return new Chunk(`:${comment}\nid: ${id}\n\n`);
}

export const PING = new Chunk(':ping\n\n');
