/** What somebody said in a call. Its text may come whole, word by word, confirmed or cut off, in any order. */
import type { CallEvent } from './call-event.js';
import { type Claim, better, claim, earlier } from './claim.js';
import { idOf, labelOf, numberOf, objectsIn, orderOf, textOf } from './value.js';

export interface MessageState {
  readonly kind: 'message';
  readonly role: 'user' | 'bot';
  readonly id: string | null;
  /** When the first event spoke of it: its place in the call. */
  readonly first: Claim<string>;
  readonly text: Claim<string> | null;
  /** The person who spoke in the agent's place. */
  readonly by: Claim<string> | null;
  readonly interrupted: boolean;
  /** For an interrupted message: how many of its words were heard. */
  readonly wordsSpoken: Claim<number> | null;
  readonly rejected: boolean;
  /** The text that replaced its text after it was said. */
  readonly corrected: Claim<string> | null;
  /** The upstream log's number of the first event that spoke of it, if it has one. */
  readonly order?: number;
  /** For a reply that comes in pieces, or grows: what has come. */
  readonly pieces?: Pieces;
  /** A later line repeats all of it: the call log's finals of one turn are cumulative. */
  readonly replaced?: boolean;
  /** From when to when it was said, if an event says so. */
  readonly begun?: Claim<string>;
  readonly ended?: Claim<string>;
  /** Milliseconds from the end of the caller's speech to the beginning of this message. */
  readonly latency?: Claim<number>;
  /** How sure the recogniser was, 0–1. */
  readonly confidence?: Claim<number>;
}

export interface Pieces {
  /** The text of all but the last pieces. */
  readonly text: string;
  /** The last pieces, in order. A piece that comes late is put in its place among these. */
  readonly last: readonly Piece[];
}

interface Piece {
  readonly seq: number;
  readonly order: number | null;
  readonly text: string;
}

interface Said {
  readonly role: 'user' | 'bot';
  /** How final the text is: planned, said, confirmed. 0: there is no text. */
  readonly rank: number;
}

/** What each type says of a message. */
const SAID: ReadonlyMap<string, Said> = new Map([
  ['user.message', { role: 'user', rank: 2 }],
  ['whatsapp.message', { role: 'user', rank: 2 }],
  ['bot.speaking', { role: 'bot', rank: 1 }],
  ['whatsapp.response', { role: 'bot', rank: 2 }],
  ['message.confirmed', { role: 'bot', rank: 3 }],
  ['supervisor.said', { role: 'bot', rank: 2 }],
  // Words that no event has given as text before.
  ['bot.finished', { role: 'bot', rank: 0.5 }],
  ['bot.interrupted', { role: 'bot', rank: 0.5 }],
  ['reply.rejected', { role: 'bot', rank: 0 }],
]);

export function isMessage(type: string): boolean {
  return SAID.has(type);
}

/** The key of an event's message. An event that names no message is a message of its own. */
export function messageKey(role: 'user' | 'bot', id: string | null, seq: number): string {
  return id === null ? `${role}#${seq}` : `${role} ${id}`;
}

export function keyOfMessage({ type, seq, data }: CallEvent): string {
  return messageKey(sideOf(type), idOf(data['messageId']), seq);
}

export function sideOf(type: string): 'user' | 'bot' {
  return SAID.get(type)?.role ?? 'bot';
}

/** The text that was said, according to an event; empty: none. */
export function textOfMessage({ type, data }: CallEvent): string {
  return (SAID.get(type)?.rank ?? 0) === 0 ? '' : textIn(data);
}

/**
 * When a line began and ended, if the event itself says so, in milliseconds. `over`: the event came when the line
 * ended.
 */
export function timesIn({ type, at, data }: CallEvent) {
  const isEnd = type === 'bot.finished' || type === 'bot.interrupted';
  return {
    begun: timeIn(data['startedAt']),
    ended: timeIn(data['endedAt']),
    over: isEnd ? Date.parse(at) : null,
    lasted: isEnd ? numberOf(data['durationMs']) : null,
  };
}

/** The message after one more event that speaks of it. */
export function messageAfter(known: MessageState | undefined, event: CallEvent): MessageState {
  const { type, seq, at, data } = event;
  const { role, rank } = SAID.get(type) ?? { role: 'bot', rank: 0 };
  const pieces = piecesAfter(known?.pieces, event);
  const text = pieces === known?.pieces ? textOfMessage(event) : joined(pieces);
  const by = type === 'supervisor.said' ? labelOf(data['by']) : null;
  const isInterruption = type === 'bot.interrupted';
  const words = isInterruption ? (numberOf(data['wordsSpoken']) ?? numberOf(data['atWord'])) : null;
  return {
    ...known,
    kind: 'message',
    role,
    id: known?.id ?? idOf(data['messageId']),
    first: earlier(known?.first ?? null, claim(at, 0, seq)),
    // A streamed reply begins with an empty text. Its words follow.
    text: better(known?.text ?? null, text === '' ? null : claim(text, rank, seq)),
    by: better(known?.by ?? null, by === null ? null : claim(by, 0, seq)),
    interrupted: isInterruption || (known?.interrupted ?? false),
    wordsSpoken: better(known?.wordsSpoken ?? null, words === null ? null : claim(words, 0, seq)),
    rejected: type === 'reply.rejected' || (known?.rejected ?? false),
    corrected: known?.corrected ?? null,
    ...(pieces && { pieces }),
    ...measured(known, event),
  };
}

/** What an event measures of a message. A value that was not measured is not kept. */
function measured(known: MessageState | undefined, event: CallEvent): Partial<MessageState> {
  const { seq, type, data } = event;
  const { begun, ended, over } = timesIn(event);
  const own = orderOf(data);
  const order = own === null ? known?.order : Math.min(own, known?.order ?? own);
  const sure = sideOf(type) === 'user' ? numberOf(data['confidence']) : null;
  const time = (ms: number | null, rank: number) => (ms === null ? null : claim(new Date(ms).toISOString(), rank, seq));
  const beginning = better(known?.begun ?? null, time(begun, 0));
  // A time that an event gives counts more than the time of the event.
  const end = better(known?.ended ?? null, time(ended, 1) ?? time(over, 0));
  const confidence = better(known?.confidence ?? null, sure === null ? null : claim(sure, 0, seq));
  return {
    ...(order !== undefined && { order }),
    ...(beginning && { begun: beginning }),
    ...(end && { ended: end }),
    ...(confidence && { confidence }),
  };
}

/** Pieces of one reply that are told apart, and characters of it. Bounds the part, and the cost of one more piece. */
const MAX_PIECES = 8;
const MAX_TEXT = 64 * 1024;

function piecesAfter(known: Pieces | undefined, event: CallEvent): Pieces | undefined {
  const { type, seq, data } = event;
  const text = type === 'bot.speaking' ? textOfMessage(event) : '';
  const { text: before, last } = known ?? { text: '', last: [] };
  if (text === '' || last.some((piece) => piece.seq === seq)) return known;
  const length = last.reduce((sum, piece) => sum + piece.text.length, before.length);
  if (known !== undefined && length + text.length > MAX_TEXT) return known;
  const pieces = [...last, { seq, order: orderOf(data), text }];
  pieces.sort((one, other) => placeOfPiece(one, other) || one.seq - other.seq);
  const settled = pieces.slice(0, -MAX_PIECES);
  return { text: settled.reduce((all, piece) => joinedWith(all, piece.text), before), last: pieces.slice(-MAX_PIECES) };
}

function placeOfPiece(one: Piece, other: Piece): number {
  return one.order === null || other.order === null ? 0 : one.order - other.order;
}

/**
 * A piece is either the next words or all words so far. If it begins with the text, it replaces the text. A repeated
 * piece is skipped, but a single word may really be said twice.
 */
function joinedWith(text: string, piece: string): string {
  if (piece.startsWith(text)) return piece;
  if (text.startsWith(piece) || (text.includes(piece) && /\S\s+\S/.test(piece))) return text;
  const isSentence = /[.!?…]$/.test(text) && /^[\p{Lu}¿¡].*\s/u.test(piece);
  return isSentence ? `${text} ${piece}` : text + piece;
}

function joined(pieces: Pieces | undefined): string {
  return (pieces?.last ?? []).reduce((text, piece) => joinedWith(text, piece.text), pieces?.text ?? '');
}

function timeIn(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/** Words with their times may come instead of the text. */
function textIn(data: CallEvent['data']): string {
  const text = textOf(data['text']) ?? '';
  if (text !== '') return text;
  const words = objectsIn(data['words']).map(({ w, word }) => textOf(w) ?? textOf(word) ?? '');
  return words.filter((word) => word !== '').join(' ');
}
