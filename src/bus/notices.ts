/**
 * Messages as texts that fit into one NOTIFY. Pure. A longer message is sent in pieces, in order. Each piece begins
 * with its sender, its number and how many there are; the receiver puts them together.
 */
import type { BusMessage } from './bus.js';

/** NOTIFY takes fewer than 8,000 bytes: https://www.postgresql.org/docs/current/sql-notify.html */
const MAX_BYTES = 7900;
const HEAD_BYTES = 64;
/** Only a malicious message is longer than this: an event has 64 KiB. */
const MAX_PIECES = 100;
/** Senders whose messages may be incomplete at once. */
const MAX_SENDERS = 1000;

interface Notice {
  readonly from: string;
  readonly message: BusMessage;
}

export function noticesOf(from: string, message: BusMessage): string[] {
  const bytes = Buffer.from(JSON.stringify({ from, message }));
  if (bytes.length <= MAX_BYTES) return [bytes.toString()];
  const pieces = piecesOf(bytes, MAX_BYTES - HEAD_BYTES);
  return pieces.map((piece, index) => `${from} ${index} ${pieces.length}\n${piece}`);
}

/** Cuts between characters. */
function piecesOf(bytes: Buffer, maxBytes: number): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (bytes.length - start > maxBytes) {
    let end = start + maxBytes;
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1; // Inside a character of UTF-8.
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return [...pieces, bytes.toString('utf8', start)];
}

/**
 * Puts messages together from pieces. A sender's pieces come one behind the other; if one is missing, the message is
 * dropped.
 */
export class NoticeReader {
  private readonly begun = new Map<string, string[]>();

  /** The message that is complete now. Throws if the text is not a notice of ours. */
  read(text: string): Notice | undefined {
    if (text.startsWith('{')) return JSON.parse(text) as Notice;
    const [, from = '', number = '', all = ''] = /^(\S+) (\d{1,3}) (\d{1,3})\n/.exec(text) ?? [];
    const [index, count] = [Number(number), Number(all)];
    if (from === '' || index >= count || count > MAX_PIECES) throw new Error('no notice of ours');
    const pieces = index === 0 ? [] : this.begun.get(from);
    this.begun.delete(from);
    if (pieces?.length !== index) return undefined;
    pieces.push(text.slice(text.indexOf('\n') + 1));
    if (pieces.length === count) return JSON.parse(pieces.join('')) as Notice;
    if (this.begun.size < MAX_SENDERS) this.begun.set(from, pieces);
    return undefined;
  }
}
