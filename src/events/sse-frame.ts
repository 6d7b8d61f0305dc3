/**
 * Frames of text/event-stream, safe by construction (security rule 10): types were checked at admission, ids are numbers,
 * data is one line of JSON that we serialised. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { LoggedEvent } from './event.js';

/** An event as a tenant's readers get it. A durable one moves the reader's cursor; an ephemeral one has no id. */
export function eventFrame(event: LoggedEvent): Buffer {
  const id = event.seq === null ? '' : `id: ${event.seq}\n`;
  return Buffer.from(`event: ${event.type}\n${id}data: ${event.data}\n\n`);
}

/**
 * An event as admins get it: numbered by position, with its tenant. The tenant stands last, because of two equal keys a
 * reader takes the last, and a source may call a field of its own "tenant".
 */
export function platformFrame({ type, ephemeral, position, data, tenantId }: LoggedEvent): Buffer {
  const id = ephemeral ? '' : `id: ${position}\n`;
  return Buffer.from(`event: ${type}\n${id}data: ${data.slice(0, -1)},"tenant":${JSON.stringify(tenantId)}}\n\n`);
}

/** What the stream itself says to its reader. */
export function controlFrame(
  type: 'connected' | 'log.gap' | 'log.caught_up' | 'agents.changed' | 'token.expiring',
  data: Readonly<Record<string, unknown>>,
  id?: number,
): Buffer {
  return Buffer.from(`event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
}

export const PING_FRAME = Buffer.from(':ping\n\n');

/** An event on its way to its readers: framed once, when the first of them needs it. */
export class Delivery {
  private bytes: Buffer | undefined;
  private platformBytes: Buffer | undefined;

  constructor(readonly event: LoggedEvent) {}

  get frame(): Buffer {
    return (this.bytes ??= eventFrame(this.event));
  }

  get platformFrame(): Buffer {
    return (this.platformBytes ??= platformFrame(this.event));
  }
}
