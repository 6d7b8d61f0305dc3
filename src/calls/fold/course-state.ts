/**
 * The latest lines of a call: what was said, by whom, from when to when. They tell which line a piece, a repeat or a turn's time belongs to,
 * and of each stretch of the call who spoke in it. One part of a call keeps them. It is bounded: of what is older only the sums are left.
 */

export type Side = 'user' | 'bot' | 'tool';

export interface Line {
  /** The part's key. */
  readonly key: string;
  readonly side: Side;
  /** Of the first event that spoke of it: the tenant's number, and the upstream log's where it has one. */
  readonly seq: number;
  readonly order: number | null;
  /** When it was first spoken of, milliseconds. */
  readonly at: number;
  /** Of a chat's line, which has no id: what tells its text from another. */
  readonly digest?: number;
  /** A person spoke in the agent's place. */
  readonly byPerson?: true;
  /** From when to when it lasted, as far as somebody says so; */
  readonly from?: number;
  readonly until?: number;
  /** where nobody does: when the event came that ended it, and how long it says that it lasted. */
  readonly over?: number;
  readonly lasted?: number;
}

interface Turn {
  readonly seq: number;
  readonly order: number | null;
  readonly side: Side;
  readonly at: number;
}

/** Milliseconds; null: nobody says so. */
export interface Talk {
  readonly caller: number | null;
  readonly agent: number | null;
  readonly tools: number | null;
}

export interface CourseState {
  readonly kind: 'course';
  readonly lines: readonly Line[];
  readonly turns: readonly Turn[];
  /** Of what is no line here any more, and until when. */
  readonly past: Talk;
  readonly pastUntil: number;
  /** Of a call that is gone on with in the middle: who spoke before is not known, and sums of the rest would mislead. */
  readonly resumed?: true;
}

export const COURSE = 'course';
/** Lines that are kept, and how many go at once when they are too many. */
const MAX_LINES = 32;
const FORGOTTEN_AT_ONCE = 16;
const MAX_TURNS = 16;
/** A longer name is no line of these: so the part stays small. */
const MAX_KEY = 300;
/** The same text in a chat within this is the same message: a web client sends again. */
const REPEAT_MS = 2000;
/** Who counts where two speak at once, or a tool runs meanwhile. */
const FIRST_WINS: readonly [Side, keyof Talk][] = [['bot', 'agent'], ['user', 'caller'], ['tool', 'tools']]; // prettier-ignore

export const NO_COURSE: CourseState = {
  ...{ kind: 'course', lines: [], turns: [], pastUntil: 0 },
  past: { caller: null, agent: null, tools: null },
};

/** In which order a call's lines stand: of a call that is read from a log, by the log's numbers. */
export function placeOf({ seq, order }: { readonly seq: number; readonly order: number | null }, byLog: boolean) {
  return byLog ? (order ?? seq) : seq;
}

/** The lines around a place, what is no line of anybody's left out. */
export function neighbours({ lines }: CourseState, place: number, byLog: boolean, except: string) {
  const said = lines.filter(({ side, key }) => side !== 'tool' && key !== except);
  const inOrder = said.sort((one, other) => placeOf(one, byLog) - placeOf(other, byLog));
  return {
    before: inOrder.findLast((line) => placeOf(line, byLog) < place),
    after: inOrder.find((line) => placeOf(line, byLog) > place),
  };
}

/** The line that says the same a moment before or after, in a chat. */
export function repeated({ lines }: CourseState, digest: number, at: number, except: string): Line | undefined {
  return lines.find(
    (line) =>
      line.digest === digest && line.side === 'user' && line.key !== except && Math.abs(line.at - at) <= REPEAT_MS,
  );
}

/** Whose turn a time is about: the side's last line before it that the agent or the caller spoke. */
export function lineOfTurn(course: CourseState, turn: { seq: number; order: number | null }, byLog: boolean) {
  const place = placeOf(turn, byLog);
  const side = course.turns.findLast((one) => placeOf(one, byLog) < place)?.side;
  const own = course.lines.filter(
    (line) =>
      line.side !== 'tool' && !line.byPerson && (side ?? line.side) === line.side && placeOf(line, byLog) < place,
  );
  return own.sort((one, other) => placeOf(one, byLog) - placeOf(other, byLog)).at(-1);
}

/** With what another event says of a line. */
export function withLine(course: CourseState, line: Line, byLog: boolean): CourseState {
  if (line.key.length > MAX_KEY) return course;
  const known = course.lines.find(({ key }) => key === line.key);
  const lines = course.lines.filter((one) => one !== known).concat(known ? merged(known, line) : line);
  lines.sort((one, other) => placeOf(one, byLog) - placeOf(other, byLog));
  const next = { ...course, lines };
  return lines.length > MAX_LINES ? withoutOldest(next) : next;
}

export function withTurn(course: CourseState, turn: Turn): CourseState {
  if (course.turns.some(({ seq }) => seq === turn.seq)) return course;
  const turns = [...course.turns, turn].sort((one, other) => one.seq - other.seq);
  return { ...course, turns: turns.slice(-MAX_TURNS) };
}

/** How long each side spoke, and tools ran while nobody did. */
export function talkOf(course: CourseState): Talk {
  return course.resumed ? course.past : talkUntil(course, Number.POSITIVE_INFINITY);
}

/** What tells a text from another, more or less: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
export function digestOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  return hash >>> 0;
}

function merged(known: Line, next: Line): Line {
  const first = next.seq < known.seq ? next : known;
  const from = least(known.from, next.from);
  const [until, over] = [most(known.until, next.until), most(known.over, next.over)];
  const lasted = most(known.lasted, next.lasted);
  const order = known.order === null ? next.order : Math.min(known.order, next.order ?? known.order);
  return {
    ...{ key: known.key, side: known.side, seq: first.seq, order, at: first.at },
    ...(known.digest === undefined ? {} : { digest: known.digest }),
    ...((known.byPerson ?? next.byPerson) && { byPerson: true }),
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(over === undefined ? {} : { over }),
    ...(lasted === undefined ? {} : { lasted }),
  };
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? one);
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.min(one, other ?? one);
}

/** The oldest go into the sums. Later lines may have begun before the last of these ended: that much is theirs. */
function withoutOldest(course: CourseState): CourseState {
  const lines = course.lines.slice(FORGOTTEN_AT_ONCE);
  const cut = Math.min(...lines.map(({ from, at }) => from ?? at));
  if (cut <= course.pastUntil) return { ...course, lines };
  return { ...course, lines, past: talkUntil(course, cut), pastUntil: cut };
}

interface Stretch {
  readonly side: Side;
  readonly from: number;
  readonly until: number;
}

function talkUntil(course: CourseState, end: number): Talk {
  const stretches = course.lines
    .map((line) => stretchOf(course, line))
    .filter((one) => one !== undefined)
    .map(({ side, from, until }) => ({ side, from: Math.max(from, course.pastUntil), until: Math.min(until, end) }));
  const talk: Record<keyof Talk, number | null> = { ...course.past };
  for (const [side, name] of FIRST_WINS)
    if (stretches.some((one) => one.side === side)) talk[name] = (talk[name] ?? 0) + shareOf(side, stretches);
  return talk;
}

/** A caller's line begins where its turn does, unless it says when itself. */
function stretchOf({ turns }: CourseState, { side, seq, at, from, until, over, lasted }: Line): Stretch | undefined {
  const end = until ?? over ?? (side === 'user' ? at : undefined);
  const turn = side === 'user' ? turns.findLast((one) => one.seq < seq) : undefined;
  const begun =
    from ?? (turn?.side === 'user' ? turn.at : lasted !== undefined && end !== undefined ? end - lasted : undefined);
  return begun === undefined || end === undefined ? undefined : { side, from: begun, until: end };
}

/** What one side has of the time, where those that win over it have none. */
function shareOf(side: Side, stretches: readonly Stretch[]): number {
  const winners = FIRST_WINS.slice(
    0,
    FIRST_WINS.findIndex(([one]) => one === side),
  ).map(([one]) => one);
  const own = stretches.filter((one) => one.side === side);
  const others = stretches.filter((one) => winners.includes(one.side));
  return lengthOf([...own, ...others]) - lengthOf(others);
}

/** Of all of them together; what overlaps counts once. */
function lengthOf(stretches: readonly Stretch[]): number {
  let [length, reached] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, until } of [...stretches].sort((one, other) => one.from - other.from)) {
    length += Math.max(0, until - Math.max(from, reached));
    reached = Math.max(reached, until);
  }
  return length;
}
