/**
 * What a call is doing at this moment: whose turn it is, and the words that are being said and are in no transcript
 * yet. Pure. It takes every event of the call as its stream delivers them, ephemeral ones too. Durable events replace
 * the words that led up to them. Nothing of it is stored: a viewer that comes late sees it from the next event on.
 */
import { idOf, numberOf, textOf } from './value.js';

/** An event as a stream delivers it, without `seq`: an ephemeral event has none. */
export interface LiveEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Turn = 'ringing' | 'listening' | 'thinking' | 'speaking' | 'ended';

/** The agent's reply while it is spoken. */
export interface Reply {
  readonly messageId: string | null;
  /** The whole reply, if it was known beforehand; null while it is still being generated. */
  readonly planned: string | null;
  /** The words that have been said so far. */
  readonly spoken: string;
  readonly words: number;
}

/** What has been understood so far of what the caller is saying. */
export interface Hearing {
  readonly messageId: string | null;
  readonly text: string;
}

export interface LiveState {
  readonly turn: Turn;
  /** Stays until the transcript has its text, or another reply begins. */
  readonly reply: Reply | null;
  readonly hearing: Hearing | null;
  /** The caller has spoken since the agent did. Then the end of the caller's turn makes the agent think. */
  readonly heard: boolean;
}

/** The state of a call of which nothing has been heard yet. */
export function liveStateOf(state: 'ringing' | 'live' | 'ended'): LiveState {
  return { turn: state === 'live' ? 'listening' : state, reply: null, hearing: null, heard: false };
}

export function applyLive(state: LiveState, event: LiveEvent): LiveState {
  const change = CHANGES.get(event.type);
  // An end is final. Events after it do not describe anything that is being said.
  if (change === undefined || state.turn === 'ended') return state;
  return { ...state, ...change(state, event.data) };
}

type Change = (state: LiveState, data: LiveEvent['data']) => Partial<LiveState>;

/** The caller is heard. The agent goes on speaking until it is cut off. */
const heard: Change = ({ turn }) => ({ turn: turn === 'speaking' ? 'speaking' : 'listening', heard: true });
const thinking: Change = ({ turn }) => (turn === 'speaking' ? {} : { turn: 'thinking' });
const listening: Change = () => ({ turn: 'listening' });
const ended: Change = () => ({ turn: 'ended', reply: null, hearing: null });
/** In a chat that a person has taken over, the agent does not answer. */
const said: Change = (_, { paused }) => ({
  turn: paused === true ? 'listening' : 'thinking',
  hearing: null,
  heard: true,
});
const turnStarts: Change = (state, data) => (data['role'] === 'bot' ? thinking(state, data) : heard(state, data));
/** The end of the agent's own turn comes here, too; the agent has heard nothing since. */
const turnEnds: Change = (state, data) => (state.heard ? thinking(state, data) : {});

const understood: Change = (state, data) => ({
  ...heard(state, data),
  hearing: { messageId: idOf(data['messageId']), text: textOf(data['text']) ?? '' },
});

/** A chat's replies come whole: nothing is spoken, and no event says that they have ended. */
const speaks: Change = (_, { messageId, text, transport }) => {
  const id = idOf(messageId);
  if (id === null || transport === 'chat') return { turn: 'listening', reply: null, heard: false };
  const planned = textOf(text) === '' ? null : textOf(text);
  return { turn: 'speaking', reply: { messageId: id, planned, spoken: '', words: 0 }, heard: false };
};

const speaksWord: Change = ({ reply: known }, { messageId, word, wordIndex }) => {
  const id = idOf(messageId);
  const reply =
    known !== null && known.messageId === id ? known : { messageId: id, planned: null, spoken: '', words: 0 };
  const index = numberOf(wordIndex) ?? reply.words;
  const next = textOf(word) ?? '';
  // A word that has come before, or no word.
  if (index < reply.words || next === '') return { turn: 'speaking' };
  return { turn: 'speaking', reply: { ...reply, spoken: joined(reply.spoken, next), words: index + 1 } };
};

/** The words of a reply stay until an event brings its final text. */
const stopsSpeaking: Change = ({ reply }) => ({ turn: 'listening', ...(reply?.planned != null && { reply: null }) });
const confirmed: Change = ({ reply }, { messageId }) => (reply?.messageId === idOf(messageId) ? { reply: null } : {});

function joined(spoken: string, word: string): string {
  return spoken === '' || /\s$/.test(spoken) || /^\s/.test(word) ? spoken + word : `${spoken} ${word}`;
}

const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['call.ringing', ({ turn }) => ({ turn: turn === 'listening' ? 'ringing' : turn })],
  ['call.started', listening],
  ['whatsapp.sessionStarted', listening],
  ['speech.started', heard],
  ['user.speaking', understood],
  ['turn.resumed', heard],
  ['turn.continued', heard],
  ['turn.start', turnStarts],
  ['turn.end', turnEnds],
  ['user.message', said],
  ['whatsapp.message', said],
  ['tool.call', thinking],
  ['llm.toolCall', thinking],
  ['tool.result', thinking],
  ['llm.tool_result', thinking],
  ['bot.speaking', speaks],
  ['bot.word', speaksWord],
  ['bot.finished', stopsSpeaking],
  ['bot.interrupted', stopsSpeaking],
  ['message.confirmed', confirmed],
  ['whatsapp.response', listening],
  ['supervisor.said', listening],
  ['call.ended', ended],
  ['call.summary', ended],
  ['whatsapp.sessionEnded', ended],
]);
