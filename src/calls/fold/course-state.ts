/**
 * The latest lines of a call: what was said, by whom, from when to when. They tell which line a piece, a repeat or a
 * turn's time belongs to, and who spoke in each stretch of the call. They are one part of a call. The part is bounded:
 * for older lines only the sums are kept.
 */

export type Side = 'user' | 'bot' | 'tool';

export interface Line {
  /** The part's key. */
  readonly key: string;
  readonly side: Side;
  /** Numbers of the first event that spoke of it: the tenant's, and the upstream log's if it has one. */
  readonly seq: number;
  readonly order: number | null;
  /** When it was first spoken of, in milliseconds. */
  readonly at: number;
  /** For a line of a chat, which has no id: tells its text from another. */
  readonly digest?: number;
  /** A person spoke in the agent's place. */
  readonly byPerson?: true;
  /** From when to when it lasted, if an event says so. */
  readonly from?: number;
  readonly until?: number;
  /** Otherwise: when the event came that ended it, and how long that event says that it lasted. */
  readonly over?: number;
  readonly lasted?: number;
}

interface Turn {
  readonly seq: number;
  readonly order: number | null;
  readonly side: Side;
  readonly at: number;
}

/** Milliseconds; null: no event says so. */
export interface Talk {
  readonly caller: number | null;
  readonly agent: number | null;
  readonly tools: number | null;
}

export interface CourseState {
  readonly kind: 'course';
  readonly lines: readonly Line[];
  readonly turns: readonly Turn[];
  /** The sums of the lines that are no longer here, and until when they reach. */
  readonly past: Talk;
  readonly pastUntil: number;
  /**
   * For a call that is continued from the middle: who spoke before is not known, and sums of the rest would mislead.
   */
  readonly resumed?: true;
}

export const COURSE = 'course';
/** Lines that are kept, and how many are removed at once when there are too many. */
const MAX_LINES = 32;
const FORGOTTEN_AT_ONCE = 16;
const MAX_TURNS = 16;
/** A line with a longer key is not kept here, so that the part stays small. */
const MAX_KEY = 300;
/** The same text in a chat within this time is the same message: a web client sends again. */
const REPEAT_MS = 2000;
/** Who counts when two speak at once, or when a tool runs meanwhile. */
const FIRST_WINS: readonly [Side, keyof Talk][] = [['bot', 'agent'], ['user', 'caller'], ['tool', 'tools']]; // prettier-ignore

export const NO_COURSE: CourseState = {
  kind: 'course',
  lines: [],
  turns: [],
  pastUntil: 0,
  past: { caller: null, agent: null, tools: null },
};

/** The place of a line in its call. A call that is read from a log is ordered by the log's numbers. */
export function placeOf({ seq, order }: { readonly seq: number; readonly order: number | null }, byLog: boolean) {
  return byLog ? (order ?? seq) : seq;
}

/** The lines before and after a place; lines that are nobody's are left out. */
export function neighbours({ lines }: CourseState, place: number, byLog: boolean, except: string) {
  let [before, after]: (Line | undefined)[] = [];
  for (const line of lines) {
    if (line.side === 'tool' || line.key === except) continue;
    const own = placeOf(line, byLog);
    if (own < place && (before === undefined || own >= placeOf(before, byLog))) before = line;
    if (own > place && (after === undefined || own < placeOf(after, byLog))) after = line;
  }
  return { before, after };
}

/** The line of a chat that says the same a moment before or after. */
export function repeated({ lines }: CourseState, digest: number, at: number, except: string): Line | undefined {
  return lines.find(
    (line) =>
      line.digest === digest && line.side === 'user' && line.key !== except && Math.abs(line.at - at) <= REPEAT_MS,
  );
}

/** The line that a turn's time belongs to: the side's last line before it that the agent or the caller spoke. */
export function lineOfTurn(course: CourseState, turn: { seq: number; order: number | null }, byLog: boolean) {
  const place = placeOf(turn, byLog);
  const side = course.turns.findLast((one) => placeOf(one, byLog) < place)?.side;
  const own = course.lines.filter(
    (line) =>
      line.side !== 'tool' && !line.byPerson && (side ?? line.side) === line.side && placeOf(line, byLog) < place,
  );
  return own.sort((one, other) => placeOf(one, byLog) - placeOf(other, byLog)).at(-1);
}

/** The course with what another event says of a line. */
export function withLine(course: CourseState, line: Line, byLog: boolean): CourseState {
  if (line.key.length > MAX_KEY) return course;
  const index = course.lines.findIndex(({ key }) => key === line.key);
  const known = course.lines[index];
  const lines = known ? course.lines.with(index, merged(known, line)) : [...course.lines, line];
  lines.sort((one, other) => placeOf(one, byLog) - placeOf(other, byLog));
  const next = { ...course, lines };
  return lines.length > MAX_LINES ? withoutOldest(next) : next;
}

export function withTurn(course: CourseState, turn: Turn): CourseState {
  if (course.turns.some(({ seq }) => seq === turn.seq)) return course;
  const turns = [...course.turns, turn].sort((one, other) => one.seq - other.seq);
  return { ...course, turns: turns.slice(-MAX_TURNS) };
}

/** How long each side spoke, and how long tools ran while nobody spoke. */
export function talkOf(course: CourseState): Talk {
  return course.resumed ? course.past : talkUntil(course, Number.POSITIVE_INFINITY);
}

/** Tells most texts apart: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
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
    key: known.key,
    side: known.side,
    seq: first.seq,
    order,
    at: first.at,
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

/**
 * Adds the oldest lines to the sums. Later lines may have begun before the last of these ended; that time belongs to
 * the later lines.
 */
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

/** A caller's line begins where its turn begins, unless it says itself when. */
function stretchOf({ turns }: CourseState, { side, seq, at, from, until, over, lasted }: Line): Stretch | undefined {
  const end = until ?? over ?? (side === 'user' ? at : undefined);
  const turn = side === 'user' ? turns.findLast((one) => one.seq < seq) : undefined;
  const begun =
    from ?? (turn?.side === 'user' ? turn.at : lasted !== undefined && end !== undefined ? end - lasted : undefined);
  return begun === undefined || end === undefined ? undefined : { side, from: begun, until: end };
}

/** The time of one side without the time of the sides that win over it. */
function shareOf(side: Side, stretches: readonly Stretch[]): number {
  const winners = FIRST_WINS.slice(
    0,
    FIRST_WINS.findIndex(([one]) => one === side),
  ).map(([one]) => one);
  const own = stretches.filter((one) => one.side === side);
  const others = stretches.filter((one) => winners.includes(one.side));
  return lengthOf([...own, ...others]) - lengthOf(others);
}

/** The length of all stretches together; overlaps count once. */
function lengthOf(stretches: readonly Stretch[]): number {
  let [length, reached] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, until } of [...stretches].sort((one, other) => one.from - other.from)) {
    length += Math.max(0, until - Math.max(from, reached));
    reached = Math.max(reached, until);
  }
  return length;
}
