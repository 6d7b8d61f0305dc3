/** The last line of a call, shortened, as a row of a list shows it. Pure. */
import type { CallEvent } from './call-event.js';
import { namedIn } from './call-part.js';
import { type Claim, better, claim } from './claim.js';
import { isMessage, keyOfMessage, textOfMessage } from './message-state.js';
import { textOf } from './value.js';

export interface LastLine {
  /** Of its message, so that a correction finds it. */
  readonly key: string;
  readonly text: string;
}

/** What a row has room for. */
const MAX_LENGTH = 160;

/** The latest line that has a text; a correction of it changes it. */
export function lastLineAfter(known: Claim<LastLine> | null, event: CallEvent): Claim<LastLine> | null {
  if (event.type === 'bot.corrected') {
    if (known === null || namedIn(event).byId !== known.value.key) return known;
    return better(known, lineOf(known.value.key, textOf(event.data['text']) ?? '', event.seq));
  }
  if (!isMessage(event.type)) return known;
  const text = textOfMessage(event);
  return text === '' ? known : better(known, lineOf(keyOfMessage(event), text, event.seq));
}

function lineOf(key: string, text: string, seq: number): Claim<LastLine> {
  const short = text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH).replace(/[\ud800-\udbff]$/, '') : text;
  return claim({ key: key.slice(0, MAX_LENGTH), text: short }, 0, seq);
}
