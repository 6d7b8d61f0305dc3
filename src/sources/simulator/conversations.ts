/** Every script, in all languages. */
import type { Conversation } from './conversation.js';
import { ENGLISH } from './conversations/english.js';
import { FRENCH } from './conversations/french.js';
import { GERMAN } from './conversations/german.js';
import { ITALIAN } from './conversations/italian.js';
import { PORTUGUESE } from './conversations/portuguese.js';
import { SPANISH } from './conversations/spanish.js';

export const CONVERSATIONS: readonly Conversation[] = [
  ...ENGLISH,
  ...FRENCH,
  ...GERMAN,
  ...ITALIAN,
  ...PORTUGUESE,
  ...SPANISH,
];
