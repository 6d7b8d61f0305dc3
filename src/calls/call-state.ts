/**
 * What is known of a call, from its events: pure, for the server's projection and for the page alike. Every part is a claim
 * that a better or later one replaces, so events may come in any order, and again, and the call is the same.
 */
import type { CallEvent } from './call-event.js';
import { type Claim, better, claim, earlier, later, numberOf, objectsIn, textOf } from './claim.js';
import { type MessageState, type Messages, withMessage } from './message-state.js';
import { type Tools, toolAnswered, toolCalled, withTools } from './tool-state.js';

interface Ending {
  readonly at: string;
  readonly reason: string | null;
  readonly duration: number | null;
}

export interface Correction {
  readonly seq: number;
  readonly source: number | null;
  readonly supersedes: number | null;
  readonly messageId: string | null;
  readonly text: string;
}

export interface CallState {
  readonly callId: string;
  readonly agent: Claim<string>;
  readonly facts: Readonly<Record<string, Claim<string>>>;
  readonly ringing: Claim<string> | null;
  readonly started: Claim<string> | null;
  readonly first: Claim<string>;
  readonly last: Claim<string>;
  readonly end: Claim<Ending> | null;
  readonly messages: Messages;
  readonly tools: Tools;
  readonly corrections: Readonly<Record<string, Correction>>;
  /** Something of it was lost before it reached us (`log.gap`). */
  readonly incomplete: boolean;
}

/** The call after one more of its events; `state` is undefined before the first. */
export function applyEvent(state: CallState | undefined, callId: string, event: CallEvent): CallState {
  const { seq, at, type, data } = event;
  const known = state ?? emptyCall(callId, event);
  const call: CallState = {
    ...known,
    agent: earlier(known.agent, claim(textOf(data['agent']) ?? known.agent.value, 0, seq)),
    first: earlier(known.first, claim(at, 0, seq)),
    last: later(known.last, claim(at, 0, seq)),
    facts: withFacts(known.facts, event),
  };
  const change = CHANGES[type];
  return change === undefined ? call : { ...call, ...change(call, event) };
}

type Change = (call: CallState, event: CallEvent) => Partial<CallState>;

/** What each type says of the call; a type that is not here says nothing but that the call goes on. */
const CHANGES: Readonly<Record<string, Change>> = {
  'call.ringing': (call, { at, seq }) => ({ ringing: earlier(call.ringing, claim(at, 0, seq)) }),
  'call.started': started,
  'whatsapp.sessionStarted': started,
  'call.ended': ended(2),
  'whatsapp.sessionEnded': ended(2),
  'call.summary': ended(1),
  'user.message': said('user', 2),
  'whatsapp.message': said('user', 2),
  'bot.speaking': said('bot', 1),
  'whatsapp.response': said('bot', 2),
  'message.confirmed': said('bot', 3),
  'supervisor.said': said('bot', 2),
  'bot.finished': marked({}),
  'bot.interrupted': marked({ interrupted: true }),
  'reply.rejected': marked({ rejected: true }),
  'bot.corrected': corrected,
  'tool.call': (call, event) => ({ tools: withTools(call.tools, event, [toolCalled(event, event.data, 'args')]) }),
  'llm.toolCall': (call, event) => {
    const calls = objectsIn(event.data['toolCalls']).map((one) => toolCalled(event, one, 'arguments'));
    return { tools: withTools(call.tools, event, calls) };
  },
  'tool.result': (call, event) => ({ tools: toolAnswered(call.tools, event) }),
  'llm.tool_result': (call, event) => ({ tools: toolAnswered(call.tools, event) }),
  'log.gap': () => ({ incomplete: true }),
};

function started(call: CallState, { at, seq }: CallEvent): Partial<CallState> {
  return { started: earlier(call.started, claim(at, 0, seq)) };
}

function ended(rank: number): Change {
  return (call, { at, seq, data }) => {
    const ending = { at, reason: textOf(data['reason']), duration: numberOf(data['duration']) };
    return { end: better(call.end, claim(ending, rank, seq)) };
  };
}

function said(role: 'user' | 'bot', rank: number): Change {
  return (call, event) => {
    const text = textOf(event.data['text']);
    const by = event.type === 'supervisor.said' ? textOf(event.data['by']) : null;
    // A streamed reply begins with an empty text: its words follow.
    const said = { by, text: text === null || text === '' ? null : claim(text, rank, event.seq) };
    return { messages: withMessage(call.messages, role, event, said) };
  };
}

function marked(said: Partial<Pick<MessageState, 'interrupted' | 'rejected'>>): Change {
  return (call, event) => ({ messages: withMessage(call.messages, 'bot', event, said) });
}

function corrected(call: CallState, { seq, data }: CallEvent): Partial<CallState> {
  const correction: Correction = {
    seq,
    source: numberOf(data['seq']),
    supersedes: numberOf(data['supersedes']),
    messageId: textOf(data['messageId']),
    text: textOf(data['text']) ?? '',
  };
  return { corrections: { ...call.corrections, [seq]: correction } };
}

/** Who is on the line: said best by the start, repeated by most events. A chat's events name the contact instead. */
function withFacts(facts: CallState['facts'], { seq, type, data }: CallEvent): CallState['facts'] {
  const isChat = type.startsWith('whatsapp.');
  const rank = type === 'call.started' || type === 'whatsapp.sessionStarted' ? 2 : type === 'call.ringing' ? 1 : 0;
  const said: Record<string, unknown> = isChat
    ? { from: data['contactPhone'] ?? (type === 'whatsapp.message' ? data['from'] : undefined), transport: 'whatsapp' }
    : { from: data['from'], to: data['to'], direction: data['direction'], transport: data['transport'] };
  said['name'] = data['contactName'] ?? (type === 'whatsapp.message' ? data['name'] : undefined);
  const next = { ...facts };
  for (const [name, value] of Object.entries(said)) {
    const text = textOf(value);
    if (text === null) continue;
    const known = next[name];
    const better = known === undefined || rank > known.rank || (rank === known.rank && seq < known.seq);
    if (better) next[name] = claim(text, rank, seq);
  }
  return next;
}

function emptyCall(callId: string, { seq, at, data }: CallEvent): CallState {
  return {
    ...{ callId, agent: claim(textOf(data['agent']) ?? '', 0, seq), facts: {} },
    ...{ ringing: null, started: null, end: null, first: claim(at, 0, seq), last: claim(at, 0, seq) },
    ...{ messages: {}, tools: {}, corrections: {}, incomplete: false },
  };
}
