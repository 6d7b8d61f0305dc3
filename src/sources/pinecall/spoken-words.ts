/**
 * Records the words of a streamed reply where nothing else does. Such a reply begins with an empty text, its words pass
 * by and are not stored, and `message.confirmed`, which would have them all, may never come. So the event that ends it
 * gets them as `text`. For wires that carry every word (B, the call log, the module); wire A sends only the first word.
 */
import { numberIn } from '../../common/exact-number.js';
import type { DecodedEvent } from '../../events/log/event.js';

/**
 * Replies that may be spoken at once, in all calls of a source; the oldest are forgotten. Bounds memory, as the next
 * constant does.
 */
const MAX_REPLIES = 2000;
/** Characters of one reply: some twenty minutes of talk. A longer reply is not recorded. */
const MAX_TEXT = 16_000;
const ENDS = new Set(['bot.finished', 'bot.interrupted']);

interface Reply {
  readonly text: string;
  readonly words: number;
}

/** Replies with longer names keep what the wire says of them. Bounds memory: names come from the upstream. */
const MAX_KEY = 600;

export class SpokenWords {
  /** By call and message. */
  private readonly replies = new Map<string, Reply>();

  /** The event as it is to be stored. */
  take(event: DecodedEvent): DecodedEvent {
    const { type, callId, data } = event;
    const { messageId } = data;
    if (typeof type !== 'string' || typeof callId !== 'string' || typeof messageId !== 'string') return event;
    const key = `${callId} ${messageId}`;
    if (key.length > MAX_KEY) return event;
    if (type === 'bot.speaking') this.begin(key, data['text']);
    else if (type === 'bot.word') this.add(key, data);
    else if (type === 'message.confirmed' || ENDS.has(type)) return this.end(key, event);
    return event;
  }

  /** Words may be missing from here on. */
  clear(): void {
    this.replies.clear();
  }

  /** A prepared reply has its text already. */
  private begin(key: string, text: unknown): void {
    this.replies.delete(key);
    if (text !== '' && text !== undefined) return;
    this.replies.set(key, { text: '', words: 0 });
    const [oldest] = this.replies.keys();
    if (this.replies.size > MAX_REPLIES && oldest !== undefined) this.replies.delete(oldest);
  }

  private add(key: string, { word, wordIndex }: DecodedEvent['data']): void {
    const reply = this.replies.get(key);
    if (reply === undefined || typeof word !== 'string' || word === '') return;
    const index = numberIn(wordIndex) ?? reply.words;
    if (index < reply.words) return; // It has come before.
    const text = joined(reply.text, word);
    if (index > reply.words || text.length > MAX_TEXT) this.replies.delete(key);
    else this.replies.set(key, { text, words: index + 1 });
  }

  private end(key: string, event: DecodedEvent): DecodedEvent {
    const reply = this.replies.get(key);
    this.replies.delete(key);
    const isWanted = reply !== undefined && reply.text !== '' && ENDS.has(String(event.type));
    return isWanted && event.data['text'] === undefined
      ? { ...event, data: { ...event.data, text: reply.text } }
      : event;
  }
}

function joined(spoken: string, word: string): string {
  return spoken === '' || /\s$/.test(spoken) || /^\s/.test(word) ? spoken + word : `${spoken} ${word}`;
}
