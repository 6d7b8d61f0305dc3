/** What the players of a conversation share: who talks to whom, the script's placeholders filled in, and the timing. */
import type { Conversation } from './conversation.js';
import { callerIn, lineOf } from './phone-numbers.js';
import type { SeededRandom } from './random.js';

/** A future event of a wire: `afterMs` after the cue before it, at real-life speed. */
export interface Cue {
  readonly afterMs: number;
  readonly type: string;
  /** As on wire A, without the times of day, which the player adds. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Scene<C extends Conversation = Conversation> {
  readonly conversation: C;
  /** Of the call, or of the WhatsApp session. */
  readonly id: string;
  readonly agent: string;
  readonly random: SeededRandom;
  /** The person's number. */
  readonly caller: string;
  /** What the wire repeats in every event of a call. */
  readonly party: {
    readonly from: string;
    readonly to: string;
    readonly direction: string;
    readonly transport: string;
  };
  /** Replaces every `{word}` by what it means in this scene. */
  readonly fill: (text: string) => string;
}

/** 180 words a minute. */
const WORD_MS = 60_000 / 180;

/** How long a word takes to say: long words take longer, a sentence ends with a breath, and no two are the same. */
export function wordMs(word: string, random: SeededRandom): number {
  const length = 0.6 + 0.08 * Math.min(word.length, 12);
  const breath = /[.?!:…]$/.test(word) ? 180 : 0;
  return Math.round(WORD_MS * length * random.between(0.75, 1.25) + breath);
}

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Sets a scene: everything that the script leaves open is decided here, in a fixed order. */
export function sceneOf<C extends Conversation>(
  conversation: C,
  { id, agent, random }: { id: string; agent: string; random: SeededRandom },
): Scene<C> {
  const caller = callerIn(conversation.language, random);
  const words = Object.fromEntries(
    Object.entries(conversation.vary ?? {}).map(([word, choices]) => [word, random.pick(choices)]),
  );
  words['agent'] = agent.charAt(0).toUpperCase() + agent.slice(1);
  return {
    conversation,
    id,
    agent,
    random,
    caller,
    party: partyOf(conversation, agent, caller),
    fill: (text) => text.replace(/\{([a-z]+)\}/g, (whole, word: string) => words[word] ?? whole),
  };
}

function partyOf(conversation: Conversation, agent: string, caller: string): Scene['party'] {
  const { transport, language } = conversation;
  if (transport === 'webrtc') return { from: 'webrtc', to: 'webrtc', direction: 'inbound', transport };
  if (transport === 'chat') return { from: 'chat', to: agent, direction: 'inbound', transport };
  const line = lineOf(agent, language);
  const outbound = transport === 'phone' && conversation.direction === 'outbound';
  return outbound
    ? { from: line, to: caller, direction: 'outbound', transport }
    : { from: caller, to: line, direction: 'inbound', transport };
}
