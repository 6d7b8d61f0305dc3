/**
 * The parts of a call: messages, tools, links, course. Each grows by itself, and is found by its key without the
 * others.
 */
import type { CallEvent } from './call-event.js';
import { better, claim } from './claim.js';
import {
  COURSE,
  type CourseState,
  type Line,
  NO_COURSE,
  digestOf,
  lineOfTurn,
  neighbours,
  placeOf,
  repeated,
  withLine,
  withTurn,
} from './course-state.js';
import { type Keyed, valueAt, withValue } from './keyed.js';
import { LATENCIES, type LatenciesState, latencyIn, withLatency } from './latencies-state.js';
import { type LinksState, linkIn, linksAfter, linksKey } from './links-state.js';
import {
  type MessageState,
  isMessage,
  keyOfMessage,
  messageAfter,
  messageKey,
  sideOf,
  textOfMessage,
  timesIn,
} from './message-state.js';
import { snapshotParts } from './snapshot-parts.js';
import { type ToolState, toolAfter, toolParts } from './tool-state.js';
import { idOf, numberOf, objectAt, orderOf, textOf } from './value.js';

export type Part = MessageState | ToolState | LinksState | CourseState | LatenciesState;

/** The type of an event that corrects the text of a message. */
export const CORRECTED = 'bot.corrected';
export const GAP = 'log.gap';
const IS_FINAL = new Set<unknown>([true, 'true']);
const MS = 1000;

/**
 * The parts after one more event. Messages and tools come out the same whatever the order. Events that refer to earlier
 * ones must come after those: corrections, ends of turns, pieces without an id. `byLog`: the numbers of the upstream
 * log order the call.
 */
export function partsAfter(parts: Keyed<Part>, event: CallEvent, byLog: boolean): Keyed<Part> {
  const { type } = event;
  if (type === CORRECTED) return correctedBy(parts, event);
  if (type === GAP) return withSnapshot(parts, event);
  if (type === 'turn.start') return withValue(parts, COURSE, withTurn(courseIn(parts), turnIn(event)));
  if (type === 'turn.end') return turnEnds(parts, event, byLog);
  return isMessage(type) ? said(parts, event, byLog) : used(parts, event, byLog);
}

/** The key under which a part is kept. */
export function keyOfPart(part: Part): string {
  if (part.kind === 'message') return messageKey(part.role, part.id, part.first.seq);
  if (part.kind === 'course') return COURSE;
  if (part.kind === 'latencies') return LATENCIES;
  return part.kind === 'tool' ? toolKey(part.id) : linksKey(part.group);
}

export function toolKey(id: string): string {
  return `tool ${id}`;
}

export function latenciesIn(parts: Keyed<Part>): LatenciesState | undefined {
  const part = valueAt(parts, LATENCIES);
  return part?.kind === 'latencies' ? part : undefined;
}

export function courseAt(parts: Keyed<Part>): CourseState | undefined {
  const part = valueAt(parts, COURSE);
  return part?.kind === 'course' ? part : undefined;
}

export function courseIn(parts: Keyed<Part>): CourseState {
  return courseAt(parts) ?? NO_COURSE;
}

/** A message: its text, its line, and what it means for the lines around it. */
function said(parts: Keyed<Part>, event: CallEvent, byLog: boolean): Keyed<Part> {
  const course = courseIn(parts);
  const own = lineIn(event);
  if (own.digest !== undefined && own.side === 'user' && repeated(course, own.digest, own.at, own.key)) return parts;
  const key = joinedKey(own, event, course, byLog);
  const line = { ...own, key };
  const latency = turnTimeIn(event);
  const after = messageAfter(messageAt(parts, key), event);
  const message = latency === undefined ? after : withTurnTime(after, latency, event.seq);
  let next = withLink(withValue(parts, key, message), numberOf(event.data['seq']), key, event.seq);
  if (latency !== undefined) next = withValue(next, LATENCIES, withLatency(latenciesIn(next), key, latency));
  if (line.side === 'bot' && idOf(event.data['messageId']) === null && textOfMessage(event) === '') return next;
  const around = neighbours(course, placeOf(line, byLog), byLog, key);
  next = withValue(next, COURSE, withLine(course, line, byLog));
  if (line.side === 'bot') return around.after?.side === 'user' ? replacedAt(next, around.before, false) : next;
  if (!IS_FINAL.has(event.data['final'])) return next;
  if (around.after?.side === 'user') return replacedAt(next, line, true);
  return around.before?.side === 'user' ? replacedAt(next, around.before, true) : next;
}

/** Tools: each is a part, and a line of the course. */
function used(parts: Keyed<Part>, event: CallEvent, byLog: boolean): Keyed<Part> {
  return toolParts(event).reduce((known, part) => {
    const key = toolKey(part.id);
    const tool = valueAt(known, key);
    const next = withValue(known, key, toolAfter(tool?.kind === 'tool' ? tool : undefined, part, event));
    const at = Date.parse(event.at);
    const ms = part.answer?.ms ?? null;
    const times = {
      ...(part.call && { from: at }),
      ...(part.answer && { over: at }),
      ...(ms !== null && { lasted: ms }),
    };
    const line: Line = { key, side: 'tool', ...placed(event), at, ...times };
    return withValue(next, COURSE, withLine(courseIn(next), line, byLog));
  }, parts);
}

/** Wire C says how long a turn took when it is over. The time belongs to the line of that turn. */
function turnEnds(parts: Keyed<Part>, event: CallEvent, byLog: boolean): Keyed<Part> {
  const { data, seq } = event;
  const e2e = objectAt(data['latency'])['e2e'];
  const seconds = numberOf(e2e);
  const ms = latencyIn(seconds === null ? numberOf(data['latencyMs']) : seconds * MS);
  if (ms === undefined) return parts;
  const next = withValue(parts, LATENCIES, withLatency(latenciesIn(parts), `turn ${seq}`, ms));
  const line = lineOfTurn(courseIn(parts), placed(event), byLog);
  const message = line && messageAt(parts, line.key);
  return line && message ? withValue(next, line.key, withTurnTime(message, ms, seq)) : next;
}

function withTurnTime(message: MessageState, ms: number, seq: number): MessageState {
  const latency = better(message.latency ?? null, claim(ms, 0, seq));
  return latency === null ? message : { ...message, latency };
}

/** Takes only what is not known otherwise: a snapshot repeats what there was. */
function withSnapshot(parts: Keyed<Part>, event: CallEvent): Keyed<Part> {
  return snapshotParts(event).reduce((known, part) => {
    const key = keyOfPart(part);
    return valueAt(known, key) === undefined ? withValue(known, key, part) : known;
  }, parts);
}

export function lineIn(event: CallEvent): Line {
  const { type, data } = event;
  const at = Date.parse(event.at);
  const { begun, ended, over, lasted } = timesIn(event);
  const from = begun ?? (type === 'bot.speaking' ? at : null);
  const isNameless = idOf(data['messageId']) === null && (type === 'bot.speaking' || type === 'user.message');
  return {
    key: keyOfMessage(event),
    side: sideOf(type),
    ...placed(event),
    at,
    ...(isNameless && { digest: digestOf(textOfMessage(event)) }),
    ...(type === 'supervisor.said' && { byPerson: true }),
    ...(from !== null && { from }),
    ...(ended !== null && { until: ended }),
    ...(over !== null && { over }),
    ...(lasted !== null && { lasted }),
  };
}

/** How long the agent took to begin this message, in milliseconds, if the event says so. */
export function turnTimeIn({ type, data }: CallEvent): number | undefined {
  return type === 'bot.speaking' ? latencyIn(numberOf(data['latencyMs'])) : undefined;
}

/**
 * Whether a message may change the line before its own: as a piece of it, as its latest form, or because it turns out
 * to come between two lines. The last is possible only where a log's numbers order the call.
 */
export function mayTouchLineBefore(event: CallEvent, line: Line): boolean {
  if (line.side === 'user') return IS_FINAL.has(event.data['final']);
  return line.order !== null || isNamelessPiece(event, line);
}

function isNamelessPiece({ type }: CallEvent, line: Line): boolean {
  return type === 'bot.speaking' && line.digest !== undefined;
}

/** A piece without an id belongs to the line before it, if that is the agent's and has no id either. */
function joinedKey(line: Line, event: CallEvent, course: CourseState, byLog: boolean): string {
  if (!isNamelessPiece(event, line)) return line.key;
  if (course.lines.some(({ key }) => key === line.key)) return line.key;
  const { before } = neighbours(course, placeOf(line, byLog), byLog, line.key);
  return before?.side === 'bot' && before.digest !== undefined ? before.key : line.key;
}

function replacedAt(parts: Keyed<Part>, line: Line | undefined, replaced: boolean): Keyed<Part> {
  const message = line?.side === 'user' ? messageAt(parts, line.key) : undefined;
  if (line === undefined || message === undefined || (message.replaced ?? false) === replaced) return parts;
  return withValue(parts, line.key, { ...message, replaced });
}

/** The tenant's number of an event, and the upstream log's. */
export function placed({ seq, data }: CallEvent): { seq: number; order: number | null } {
  return { seq, order: orderOf(data) };
}

function turnIn(event: CallEvent) {
  const side = event.data['role'] === 'user' ? ('user' as const) : ('bot' as const);
  return { ...placed(event), side, at: Date.parse(event.at) };
}

/** The message with this number, else the one with this id. A correction of an unknown message changes nothing. */
function correctedBy(parts: Keyed<Part>, event: CallEvent): Keyed<Part> {
  const { seq, data } = event;
  const { supersedes, byId } = namedIn(event);
  const link = supersedes === null ? undefined : linkAt(parts, supersedes);
  const key = link !== undefined && link.seq < seq ? link.value : byId;
  const message = key === null ? undefined : messageAt(parts, key);
  if (key === null || message === undefined || message.first.seq > seq) return parts;
  const corrected = better(message.corrected, claim(textOf(data['text']) ?? '', 0, seq));
  return withLink(withValue(parts, key, { ...message, corrected }), numberOf(data['seq']), key, seq);
}

/** What a correction refers to: the number of an entry, a message's id. */
export function namedIn({ data }: CallEvent): { supersedes: number | null; byId: string | null } {
  const id = idOf(data['messageId']);
  return { supersedes: numberOf(data['supersedes']), byId: id === null ? null : messageKey('bot', id, 0) };
}

function messageAt(parts: Keyed<Part>, key: string): MessageState | undefined {
  const part = valueAt(parts, key);
  return part?.kind === 'message' ? part : undefined;
}

export function linkKeys(source: number | null): string[] {
  return source === null ? [] : [linksKey(source)];
}

export function linkAt(parts: Keyed<Part>, source: number) {
  const links = valueAt(parts, linksKey(source));
  return links?.kind === 'links' ? linkIn(links, source) : undefined;
}

function withLink(parts: Keyed<Part>, source: number | null, key: string, seq: number): Keyed<Part> {
  if (source === null) return parts;
  const known = valueAt(parts, linksKey(source));
  const next = linksAfter(known?.kind === 'links' ? known : undefined, source, key, seq);
  return next === known || next === undefined ? parts : withValue(parts, linksKey(source), next);
}
