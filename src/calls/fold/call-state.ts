/**
 * What is known of a call, from its events: pure, for the server's projection and for the page alike. Every part is a
 * claim that a better or later claim replaces. So events may come in any order, and repeatedly, and the call is the
 * same. Only events that refer to others must come after them: corrections, ends of turns, pieces of a line that has no
 * id.
 */
import type { CallEvent } from './call-event.js';
import { type Part, partsAfter } from './call-part.js';
import { type Claim, better, claim, earlier, firstBest, later } from './claim.js';
import { type DeskState, deskAfter } from './desk-state.js';
import { type FiredRule, firedAfter } from './fired-state.js';
import type { Keyed } from './keyed.js';
import { type LastLine, lastLineAfter } from './last-line.js';
import { isMessage } from './message-state.js';
import { keysOf } from './part-keys.js';
import { type Measures, NOTHING_MEASURED, measuresAfter, tallyAfter } from './quality.js';
import { labelOf, numberOf, objectAt, orderOf, textOf } from './value.js';

/** The call without its parts. It is plain data that can be kept as JSON. */
export interface CallHead {
  readonly callId: string;
  readonly agent: Claim<string>;
  /** True: its events have the numbers of an upstream log, which order it; null: not known yet. */
  readonly byLog: Claim<boolean> | null;
  readonly measures: Measures;
  /** Who is on the line. */
  readonly facts: Readonly<Partial<Record<Fact, Claim<string>>>>;
  readonly ringing: Claim<string> | null;
  readonly started: Claim<string> | null;
  readonly first: Claim<string>;
  readonly last: Claim<string>;
  readonly ended: Claim<string> | null;
  readonly reason: Claim<string> | null;
  /** Seconds. */
  readonly duration: Claim<number> | null;
  /** A person was asked for, or speaks in the agent's place. */
  readonly handoff: Claim<Handoff> | null;
  readonly desk: DeskState;
  readonly recording: Claim<Recording> | null;
  /** Somebody has said something, so it rings no longer. */
  readonly talked: boolean;
  /** Null: nobody has said anything. */
  readonly lastLine: Claim<LastLine> | null;
  /** A part of it was lost before it reached us (`log.gap`). */
  readonly incomplete: boolean;
  /** How many events were taken in. */
  readonly events: number;
  /** It has more events than are taken in. Of later events only what they say of the call itself is used. */
  readonly truncated: boolean;
  /** What live rules have said of it. */
  readonly fired: readonly FiredRule[];
}

export interface Handoff {
  readonly state: 'requested' | 'active' | 'released';
  readonly by: string | null;
  readonly at: string;
}

export interface Recording {
  readonly exists: boolean;
  /** Where it lies, if upstream says so; null: upstream is asked for it by the call's id. */
  readonly url: string | null;
}

export type Fact = 'from' | 'to' | 'direction' | 'transport' | 'name';

export interface CallState extends CallHead {
  readonly parts: Keyed<Part>;
}

/**
 * The call after one more of its events; `state` is undefined before the first one and is not changed. Beyond
 * `maxEvents` no more messages and tools are taken in.
 */
export function applyEvent(
  state: CallState | undefined,
  callId: string,
  event: CallEvent,
  maxEvents = Number.POSITIVE_INFINITY,
): CallState {
  const known = state ?? { ...emptyCall(callId, event), parts: [] };
  const truncated = known.truncated || known.events >= maxEvents;
  const head = headAfter(known, event);
  if (truncated) return { ...head, parts: known.parts, events: known.events + 1, truncated };
  const byLog = head.byLog?.value ?? false;
  const parts = partsAfter(known.parts, event, byLog);
  const tally = tallyAfter(head.measures.tally, known.parts, parts, keysOf(event, parts, byLog));
  const measures = tally === head.measures.tally ? head.measures : { ...head.measures, tally };
  return { ...head, measures, parts, events: known.events + 1, truncated };
}

function headAfter(known: CallHead, event: CallEvent): CallHead {
  const { type, seq, at, data } = event;
  const change = CHANGES.get(type);
  // A call that a line has routed belongs to the agent that it reached.
  const rank = type === 'call.started' && textOf(data['routedFrom']) !== null ? 1 : 0;
  const agent = claim(textOf(data['agent']) ?? known.agent.value, rank, seq);
  // The time at which a gap was noticed is no time of the call.
  const isTimed = type !== 'log.gap';
  return {
    ...known,
    agent: firstBest(known.agent, agent),
    byLog: byLogAfter(known, event),
    measures: measuresAfter(known.measures, event),
    fired: firedAfter(known.fired, event),
    first: isTimed ? earlier(known.first, claim(at, 0, seq)) : known.first,
    last: isTimed ? later(known.last, claim(at, 0, seq)) : known.last,
    facts: factsAfter(known.facts, event),
    talked: known.talked || isMessage(type),
    lastLine: lastLineAfter(known.lastLine, event),
    desk: deskAfter(known.desk, event),
    ...change?.(known, event),
  };
}

/**
 * The first of these events says whether the call is read from a log. On wire A messages have the log's numbers too,
 * and starts have none.
 */
const BEGINNINGS = new Set(['call.ringing', 'call.dialing', 'call.started']);

function byLogAfter({ byLog }: CallHead, { type, seq, data }: CallEvent): CallHead['byLog'] {
  // Only a log that is read by its numbers says where it goes on.
  if (type === 'log.gap')
    return orderOf({ seq: data['resumeFrom'] }) === null ? byLog : earlier(byLog, claim(true, 0, seq));
  return BEGINNINGS.has(type) ? earlier(byLog, claim(orderOf(data) !== null, 0, seq)) : byLog;
}

type Change = (call: CallHead, event: CallEvent) => Partial<CallHead>;

const started: Change = (call, { at, seq }) => ({ started: earlier(call.started, claim(at, 0, seq)) });

/** A summary ends a call, too. The end event itself counts more. */
const ended =
  (rank: number): Change =>
  (call, { at, seq, data }) => {
    const [reason, duration] = [labelOf(data['reason']), numberOf(data['duration'])];
    return {
      ended: better(call.ended, claim(at, rank, seq)),
      reason: better(call.reason, reason === null ? null : claim(reason, rank, seq)),
      duration: better(call.duration, duration === null ? null : claim(duration, rank, seq)),
    };
  };

const summarised: Change = (call, event) => {
  const url = textOf(event.data['recordingUrl']);
  const recording: Recording = { exists: event.data['recording'] === true || !!url, url };
  return { ...ended(1)(call, event), recording: better(call.recording, claim(recording, 0, event.seq)) };
};

const handedOff =
  (state: Handoff['state']): Change =>
  (call, { at, seq, data }) => ({
    handoff: better(call.handoff, claim({ state, by: labelOf(data['by']), at }, 0, seq)),
  });

/** What upstream still knows of the time that it could not replay. It fills only what nothing else has said. */
function missed(call: CallHead, { seq, data }: CallEvent): Partial<CallHead> {
  const snapshot = objectAt(data['snapshot']);
  const [startedAt, reason] = [textOf(snapshot['startedAt']), labelOf(snapshot['endedReason'])];
  const isTime = startedAt !== null && !Number.isNaN(Date.parse(startedAt));
  return {
    incomplete: true,
    ...(isTime && { started: earlier(call.started, claim(startedAt, 0, UNTIMED)) }),
    ...(reason !== null && { reason: better(call.reason, claim(reason, 0, seq)) }),
  };
}

/** The rank of times that every event of the call knows better. */
const UNTIMED = Number.MAX_SAFE_INTEGER;

/** What each type says of the call itself. Any other type says only that the call goes on. */
const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['call.ringing', (call, { at, seq }) => ({ ringing: earlier(call.ringing, claim(at, 0, seq)) })],
  ['call.started', started],
  ['whatsapp.sessionStarted', started],
  ['call.ended', ended(2)],
  ['whatsapp.sessionEnded', ended(2)],
  ['call.summary', summarised],
  ['handoff.requested', handedOff('requested')],
  ['handoff.active', handedOff('active')],
  ['handoff.released', handedOff('released')],
  ['log.gap', missed],
]);

/** The start says them best; most events repeat them. */
const FACT_RANKS = new Map([['call.started', 2], ['whatsapp.sessionStarted', 2], ['call.ringing', 1], ['log.gap', 1]]); // prettier-ignore

function factsAfter(facts: CallHead['facts'], event: CallEvent): CallHead['facts'] {
  const { type, seq } = event;
  const rank = FACT_RANKS.get(type) ?? 0;
  let next: Partial<Record<Fact, Claim<string>>> | undefined;
  for (const [fact, value] of factsIn(event)) {
    const text = labelOf(value);
    if (text === null) continue;
    const best = firstBest(facts[fact], claim(text, rank, seq));
    if (best !== facts[fact]) (next ??= { ...facts })[fact] = best;
  }
  return next ?? facts;
}

/** A chat's events name the contact instead of two numbers. */
function factsIn({ type, data }: CallEvent): [Fact, unknown][] {
  if (!type.startsWith('whatsapp.')) {
    const { from, to, direction, transport } = type === 'log.gap' ? objectAt(data['snapshot']) : data;
    return [['from', from], ['to', to], ['direction', direction], ['transport', transport]]; // prettier-ignore
  }
  const isMessage = type === 'whatsapp.message';
  const contact = data['contactPhone'] ?? (isMessage ? data['from'] : type === 'whatsapp.response' ? data['to'] : null);
  const name = data['contactName'] ?? (isMessage ? data['name'] : null);
  return [['from', contact], ['name', name], ['transport', 'whatsapp']]; // prettier-ignore
}

function emptyCall(callId: string, { type, seq, at, data }: CallEvent): CallHead {
  const isTimed = type !== 'log.gap';
  return {
    callId,
    agent: claim(textOf(data['agent']) ?? '', 0, seq),
    facts: {},
    byLog: null,
    measures: NOTHING_MEASURED,
    ringing: null,
    started: null,
    first: claim(at, 0, isTimed ? seq : UNTIMED),
    last: claim(at, 0, isTimed ? seq : 0),
    ended: null,
    reason: null,
    duration: null,
    handoff: null,
    talked: false,
    incomplete: false,
    lastLine: null,
    desk: [],
    recording: null,
    events: 0,
    truncated: false,
    fired: [],
  };
}
