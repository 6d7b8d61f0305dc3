/** What somebody said in a call: text that comes whole, word by word, confirmed or cut off, in any order. */
import type { CallEvent } from './call-event.js';
import { type Claim, better, claim, earlier } from './claim.js';
import { idOf, labelOf, numberOf, objectsIn, textOf } from './value.js';

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
  ['bot.finished', { role: 'bot', rank: 0 }],
  ['bot.interrupted', { role: 'bot', rank: 0 }],
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
  return messageKey(SAID.get(type)?.role ?? 'bot', idOf(data['messageId']), seq);
}

/** The message after one more event that speaks of it. */
export function messageAfter(known: MessageState | undefined, { type, seq, at, data }: CallEvent): MessageState {
  const { role, rank } = SAID.get(type) ?? { role: 'bot', rank: 0 };
  const text = rank === 0 ? '' : textIn(data);
  const by = type === 'supervisor.said' ? labelOf(data['by']) : null;
  const isInterruption = type === 'bot.interrupted';
  const words = isInterruption ? (numberOf(data['wordsSpoken']) ?? numberOf(data['atWord'])) : null;
  return {
    kind: 'message',
    role,
    id: idOf(data['messageId']),
    first: earlier(known?.first ?? null, claim(at, 0, seq)),
    // A streamed reply begins with an empty text: its words follow.
    text: better(known?.text ?? null, text === '' ? null : claim(text, rank, seq)),
    by: better(known?.by ?? null, by === null ? null : claim(by, 0, seq)),
    interrupted: isInterruption || (known?.interrupted ?? false),
    wordsSpoken: better(known?.wordsSpoken ?? null, words === null ? null : claim(words, 0, seq)),
    rejected: type === 'reply.rejected' || (known?.rejected ?? false),
    corrected: known?.corrected ?? null,
  };
}

/** Words with their times may come in place of the text. */
function textIn(data: CallEvent['data']): string {
  const text = textOf(data['text']) ?? '';
  if (text !== '') return text;
  const words = objectsIn(data['words']).map(({ w, word }) => textOf(w) ?? textOf(word) ?? '');
  return words.filter((word) => word !== '').join(' ');
}
