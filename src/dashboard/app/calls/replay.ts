/**
 * A call as it was at a given moment, from its events and their times. Pure. The log does not keep words as they came,
 * so they are spread evenly over the time that the speaking took.
 */
import type { CallEvent } from '../../../calls/fold/call-event.js';
import { applyEvent, type CallState } from '../../../calls/fold/call-state.js';
import { type CallView, viewOf } from '../../../calls/fold/call-view.js';
import { type LiveState, liveStateOf } from '../../../calls/fold/live-state.js';
import type { TranscriptEntry } from '../../../calls/fold/transcript.js';
import { endOfWord } from './script.js';

/** When something was said, in seconds into the call. */
export interface Stretch {
  readonly entry: TranscriptEntry;
  readonly from: number;
  readonly until: number;
}

export interface Moment {
  readonly view: CallView;
  readonly live: LiveState;
}

/** How long a caller takes for a word: the log keeps only when callers had finished. */
const CALLER_SECONDS_A_WORD = 0.32;
const AGENT_SECONDS_A_WORD = 0.34;

const ENDS = new Set(['bot.finished', 'bot.interrupted', 'message.confirmed']);

export class Replay {
  /** Seconds. */
  readonly length: number;
  readonly stretches: readonly Stretch[];
  private readonly startMs: number;
  private readonly inTime: readonly CallEvent[];
  /** The call after a number of events: moving forward is cheap, moving back starts again. */
  private reached: { count: number; state: CallState | undefined } = { count: 0, state: undefined };

  private readonly whole: CallView;

  /** `kept`: the call as the server answers it, perhaps without its beginning; `events`: all of its events. */
  constructor(kept: CallView, events: readonly CallEvent[]) {
    const state = events.reduce<CallState | undefined>(
      (call, event) => applyEvent(call, kept.callId, event),
      undefined,
    );
    this.whole = state === undefined ? kept : { ...kept, ...said(viewOf(state)) };
    const { whole } = this;
    this.inTime = [...events].sort((one, other) => Date.parse(one.at) - Date.parse(other.at) || one.seq - other.seq);
    // As the lines are counted, from the answer: that it rang before is part of the first moment.
    this.startMs = Date.parse(whole.startedAt);
    this.length = this.secondsAt(this.inTime.at(-1)?.at ?? whole.startedAt);
    this.stretches = stretchesOf(whole.transcript, this.inTime, (at) => this.secondsAt(at), this.length);
  }

  secondsAt(at: string): number {
    return Math.max(0, (Date.parse(at) - this.startMs) / 1000);
  }

  at(seconds: number): Moment {
    if (seconds >= this.length) return { view: this.whole, live: liveStateOf(this.whole.state) };
    const state = this.stateAt(seconds);
    const view: CallView = state === undefined ? { ...this.whole, transcript: [], tools: [] } : viewOf(state);
    return { view: { ...view, startedAt: this.whole.startedAt, state: 'live' }, live: this.liveAt(seconds, view) };
  }

  private stateAt(seconds: number): CallState | undefined {
    const untilMs = this.startMs + seconds * 1000;
    let { count, state } = this.reached;
    const last = this.inTime[count - 1];
    if (last !== undefined && Date.parse(last.at) > untilMs) [count, state] = [0, undefined];
    for (
      let next = this.inTime[count];
      next !== undefined && Date.parse(next.at) <= untilMs;
      next = this.inTime[count]
    ) {
      state = applyEvent(state, this.whole.callId, next);
      count += 1;
    }
    this.reached = { count, state };
    return state;
  }

  /** Whose turn it is, and how much of the present line has been spoken. */
  private liveAt(seconds: number, { state, tools }: CallView): LiveState {
    const stretch = this.stretches.findLast(({ from, until }) => from <= seconds && seconds < until);
    const nothing = { ...liveStateOf('live'), reply: null, hearing: null };
    if (stretch === undefined) {
      if (state === 'ringing') return { ...nothing, turn: 'ringing' };
      const lastSaid = this.stretches.findLast(({ until }) => until <= seconds);
      const isThinking = tools.some(({ endedAt }) => endedAt === null) || lastSaid?.entry.role === 'user';
      return { ...nothing, turn: isThinking ? 'thinking' : 'listening' };
    }
    const { entry, from, until } = stretch;
    const wordCount = entry.wordsSpoken ?? countWords(entry.text);
    const words = Math.floor(((seconds - from) / Math.max(0.1, until - from)) * (wordCount + 1));
    const text = entry.text.slice(0, endOfWord(entry.text, Math.min(words, wordCount)));
    const { messageId } = entry;
    if (entry.role === 'user') return { ...nothing, turn: 'listening', hearing: { messageId, text } };
    return { ...nothing, turn: 'speaking', reply: { messageId, planned: null, spoken: text, words } };
  }
}

function said({ transcript, tools }: CallView): Pick<CallView, 'transcript' | 'tools'> {
  return { transcript, tools };
}

function stretchesOf(
  transcript: readonly TranscriptEntry[],
  events: readonly CallEvent[],
  secondsAt: (at: string) => number,
  length: number,
): Stretch[] {
  const ends = new Map<string, number>();
  for (const { type, at, data } of events) {
    const id = data['messageId'];
    if (ENDS.has(type) && typeof id === 'string' && !ends.has(id)) ends.set(id, secondsAt(at));
  }
  let before = 0;
  return transcript.map((entry) => {
    const at = secondsAt(entry.at);
    const words = countWords(entry.text);
    const stretch =
      entry.role === 'user'
        ? { entry, from: Math.max(before, at - words * CALLER_SECONDS_A_WORD), until: at }
        : { entry, from: at, until: Math.min(length, endOf(ends, entry, at + words * AGENT_SECONDS_A_WORD)) };
    before = Math.max(before, stretch.until);
    return stretch;
  });
}

function endOf(ends: ReadonlyMap<string, number>, { messageId }: TranscriptEntry, guess: number): number {
  return (messageId === null ? undefined : ends.get(messageId)) ?? guess;
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
