import { randomUUID } from 'node:crypto';

/** Names of one's own, so that tests run in any order. */
export const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;

export const message = (agent: string, callId: string | undefined, n: number | string) => ({
  event: 'user.message',
  agent,
  ...(callId === undefined ? {} : { callId }),
  messageId: `m${n}`,
  text: `text ${n}`,
});

export const word = (agent: string, callId: string, text: string) => ({ event: 'bot.word', agent, callId, word: text });

export const texts = (frames: readonly { data: Record<string, unknown> }[]) => frames.map(({ data }) => data['text']);
