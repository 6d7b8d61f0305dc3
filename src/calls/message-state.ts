/** What somebody said in a call: text that comes whole, word by word, confirmed or cut off, in any order. */
import type { CallEvent } from './call-event.js';
import { type Claim, better, numberOf, textOf } from './claim.js';

export interface MessageState {
  readonly role: 'user' | 'bot';
  readonly id: string | null;
  /** Its place in the call: the first event that spoke of it. */
  readonly seq: number;
  readonly at: string;
  readonly text: Claim<string> | null;
  readonly by: string | null;
  readonly interrupted: boolean;
  readonly rejected: boolean;
  /** Numbers of its entries in the upstream call log: what `bot.corrected.supersedes` refers to. */
  readonly sources: readonly number[];
}

export type Messages = Readonly<Record<string, MessageState>>;

/** What an event adds to the message it names, or to one of its own where it names none. */
export function withMessage(
  messages: Messages,
  role: 'user' | 'bot',
  { seq, at, data }: CallEvent,
  said: Partial<Pick<MessageState, 'text' | 'by' | 'interrupted' | 'rejected'>>,
): Messages {
  const id = textOf(data['messageId']);
  const key = `${role} ${id ?? `#${seq}`}`;
  const known = messages[key];
  const source = numberOf(data['seq']);
  const sources = new Set([...(known?.sources ?? []), ...(source === null ? [] : [source])]);
  const isFirst = known === undefined || seq < known.seq;
  const message: MessageState = {
    ...{ role, id, seq: isFirst ? seq : known.seq, at: isFirst ? at : known.at },
    text: said.text ? better(known?.text ?? null, said.text) : (known?.text ?? null),
    by: said.by ?? known?.by ?? null,
    interrupted: (said.interrupted ?? false) || (known?.interrupted ?? false),
    rejected: (said.rejected ?? false) || (known?.rejected ?? false),
    sources: [...sources].sort((one, other) => one - other),
  };
  return { ...messages, [key]: message };
}
