/** What somebody said in a call: text that comes whole, word by word, confirmed or cut off, in any order. */
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
  /** A person who spoke in the agent's place. */
  readonly by: Claim<string> | null;
  readonly interrupted: boolean;
  /** Of an interrupted one: how many of its words were heard. */
  readonly wordsSpoken: Claim<number> | null;
  readonly rejected: boolean;
  /** What replaced its text after it was said. */
  readonly corrected: Claim<string> | null;
  /** The upstream log's number of the first event that spoke of it, where it has one. */
  readonly order?: number;
  /** Of a reply that comes in pieces, or grows: what came. */
  readonly pieces?: Pieces;
  /** A later line says all of it again: the call log's finals of one turn are cumulative. */
  readonly replaced?: boolean;
  /** From when to when it was said, where somebody says so. */
  readonly begun?: Claim<string>;
  readonly ended?: Claim<string>;
  /** Milliseconds from the end of the caller's speech to this one's beginning. */
  readonly latency?: Claim<number>;
  /** How sure the recogniser was, 0–1. */
  readonly confidence?: Claim<number>;
}

export interface Pieces {
  /** Of all but the last ones. */
  readonly text: string;
  /** In order; one that comes late finds its place among these. */
  readonly last: readonly Piece[];
}

interface Piece {
  readonly seq: number;
  readonly order: number | null;
  readonly text: string;
}

interface Said {
  readonly role: 'user' | 'bot';
  /** How final the text is: planned, said, confirmed. 0: there is none. */
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
  // Words that nobody wrote down before.
  ['bot.finished', { role: 'bot', rank: 0.5 }],
  ['bot.interrupted', { role: 'bot', rank: 0.5 }],
  ['reply.rejected', { role: 'bot', rank: 0 }],
]);

export function isMessage(type: string): boolean {
  return SAID.has(type);
}

/** Under what the message of an event is kept; an event that names none is a message of its own. */
export function messageKey(role: 'user' | 'bot', id: string | null, seq: number): string {
  return id === null ? `${role}#${seq}` : `${role} ${id}`;
}

export function keyOfMessage({ type, seq, data }: CallEvent): string {
  return messageKey(sideOf(type), idOf(data['messageId']), seq);
}

export function sideOf(type: string): 'user' | 'bot' {
  return SAID.get(type)?.role ?? 'bot';
}

/** What an event says that was said; empty: nothing. */
export function textOfMessage({ type, data }: CallEvent): string {
  return (SAID.get(type)?.rank ?? 0) === 0 ? '' : textIn(data);
}

/** When a line began and ended, as far as an event says so itself; `over`: it came when the line ended. Milliseconds. */
export function timesIn({ type, at, data }: CallEvent) {
  const isEnd = type === 'bot.finished' || type === 'bot.interrupted';
  return {
    ...{ begun: timeIn(data['startedAt']), ended: timeIn(data['endedAt']) },
    ...{ over: isEnd ? Date.parse(at) : null, lasted: isEnd ? numberOf(data['durationMs']) : null },
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
    // A streamed reply begins with an empty text: its words follow.
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

/** What an event measures of a message; nothing is kept of what nobody measured. */
function measured(known: MessageState | undefined, event: CallEvent): Partial<MessageState> {
  const { seq, type, data } = event;
  const { begun, ended, over } = timesIn(event);
  const own = orderOf(data);
  const order = own === null ? known?.order : Math.min(own, known?.order ?? own);
  const sure = sideOf(type) === 'user' ? numberOf(data['confidence']) : null;
  const time = (ms: number | null, rank: number) => (ms === null ? null : claim(new Date(ms).toISOString(), rank, seq));
  const beginning = better(known?.begun ?? null, time(begun, 0));
  // A time that is said counts more than that of the event.
  const end = better(known?.ended ?? null, time(ended, 1) ?? time(over, 0));
  const confidence = better(known?.confidence ?? null, sure === null ? null : claim(sure, 0, seq));
  return {
    ...(order !== undefined && { order }),
    ...(beginning && { begun: beginning }),
    ...(end && { ended: end }),
    ...(confidence && { confidence }),
  };
}

/** Pieces of one reply that are told apart; and characters of it. Bounds the part, and what one more of them costs. */
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
 * A piece is the next words, or all words so far: then it replaces what it begins with. What is there already is skipped; a single word
 * may well be said again.
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

/** Words with their times may come in place of the text. */
function textIn(data: CallEvent['data']): string {
  const text = textOf(data['text']) ?? '';
  if (text !== '') return text;
  const words = objectsIn(data['words']).map(({ w, word }) => textOf(w) ?? textOf(word) ?? '');
  return words.filter((word) => word !== '').join(' ');
}
