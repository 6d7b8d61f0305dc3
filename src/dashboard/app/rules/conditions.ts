/** Conditions of live rules (docs/rules.md): as the API has them, and as the fields of a form. Pure. */

export type Side = 'caller' | 'agent' | 'anybody';

/** One of these members; a server of another version may know further ones. */
export interface Single {
  readonly said?: { readonly by: Side; readonly words?: readonly string[]; readonly pattern?: string };
  readonly silence?: { readonly seconds: number; readonly by?: Side };
  readonly latency?: { readonly overMs: number };
  readonly toolFailed?: { readonly name?: string };
  readonly longerThan?: { readonly seconds: number };
  readonly ended?: { readonly reasons: readonly string[] };
  readonly handoff?: 'requested' | 'active';
  readonly score?: 'failed';
}

/** One, or several within one call. */
export type Condition = Single & { readonly all?: readonly Single[] };

export const KINDS = [
  'words',
  'pattern',
  'silence',
  'latency',
  'toolFailed',
  'longerThan',
  'ended',
  'handoff',
  'score',
] as const;
export type Kind = (typeof KINDS)[number];

/** The fields of one condition; of those that its kind does not have, the last text stays. */
export interface Draft {
  /** Tells it from the others while they are added and removed. */
  readonly key: number;
  readonly kind: Kind;
  readonly by: Side;
  /** A phrase on each line. */
  readonly words: string;
  readonly pattern: string;
  /** Seconds. */
  readonly amount: string;
  readonly tool: string;
  /** With commas between them. */
  readonly reasons: string;
  readonly handoff: 'requested' | 'active';
}

/** Fields of a rule's form at which an error can stand. */
export type Field = 'name' | 'agents' | 'from' | `${number}.${'words' | 'pattern' | 'amount' | 'tool' | 'reasons'}`;

export const MAX_CONDITIONS = 8;
/** What a new condition of a kind waits for at first. */
const AMOUNTS: Readonly<Partial<Record<Kind, string>>> = { silence: '10', latency: '2.5', longerThan: '600' };
const MS = 1000;

let keys = 0;

export function emptyDraft(kind: Kind = 'words'): Draft {
  return {
    key: (keys += 1),
    kind,
    by: kind === 'silence' ? 'anybody' : 'caller',
    words: '',
    pattern: '',
    amount: AMOUNTS[kind] ?? '',
    tool: '',
    reasons: '',
    handoff: 'requested',
  };
}

/** The same condition as another kind. */
export function asKind(draft: Draft, kind: Kind): Draft {
  const by = kind === 'silence' || draft.kind === 'silence' ? emptyDraft(kind).by : draft.by;
  return { ...draft, kind, by, amount: AMOUNTS[kind] ?? draft.amount };
}

export function draftsOf(when: Condition): Draft[] {
  return (when.all ?? [when]).map(draftOf);
}

export function whenOf(drafts: readonly Draft[]): Condition {
  const singles = drafts.map(singleOf);
  const [first] = singles;
  return singles.length === 1 && first !== undefined ? first : { all: singles };
}

function draftOf({ said, silence, latency, toolFailed, longerThan, ended, handoff, score }: Single): Draft {
  if (said?.pattern !== undefined) return { ...emptyDraft('pattern'), by: said.by, pattern: said.pattern };
  if (said) return { ...emptyDraft('words'), by: said.by, words: (said.words ?? []).join('\n') };
  if (silence) return { ...emptyDraft('silence'), by: silence.by ?? 'anybody', amount: String(silence.seconds) };
  if (latency) return { ...emptyDraft('latency'), amount: String(latency.overMs / MS) };
  if (toolFailed) return { ...emptyDraft('toolFailed'), tool: toolFailed.name ?? '' };
  if (longerThan) return { ...emptyDraft('longerThan'), amount: String(longerThan.seconds) };
  if (ended) return { ...emptyDraft('ended'), reasons: ended.reasons.join(', ') };
  if (handoff) return { ...emptyDraft('handoff'), handoff };
  return emptyDraft(score ? 'score' : 'words');
}

function singleOf({ kind, by, words, pattern, amount, tool, reasons, handoff }: Draft): Single {
  // A field that is empty, or no number, is the server's to refuse.
  const number = amount.trim() === '' ? Number.NaN : Number(amount);
  switch (kind) {
    case 'words':
      return { said: { by, words: partsOf(words, /\n/) } };
    case 'pattern':
      return { said: { by, pattern } };
    case 'silence':
      return { silence: { seconds: number, by } };
    case 'latency':
      return { latency: { overMs: Math.round(number * MS) } };
    case 'toolFailed':
      return { toolFailed: tool.trim() === '' ? {} : { name: tool.trim() } };
    case 'longerThan':
      return { longerThan: { seconds: number } };
    case 'ended':
      return { ended: { reasons: partsOf(reasons, /[,\n]/) } };
    case 'handoff':
      return { handoff };
    case 'score':
      return { score: 'failed' };
  }
}

function partsOf(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const FIELDS: readonly [RegExp, 'words' | 'pattern' | 'amount' | 'tool' | 'reasons'][] = [
  [/^said\.pattern/, 'pattern'],
  [/^said/, 'words'],
  [/^(silence|longerThan)\.seconds/, 'amount'],
  [/^latency\.overMs/, 'amount'],
  [/^toolFailed/, 'tool'],
  [/^ended/, 'reasons'],
];

/** The field that a server's error is about, by its path (`rule.when.all.1.said.pattern`); undefined: none of them. */
export function fieldOf(path: string): Field | undefined {
  const own = path.replace(/^rule\./, '');
  const [top] = own.split('.');
  if (top === 'name' || top === 'agents' || top === 'from') return top;
  const [, index = '0', rest] = /^when\.(?:all\.(\d+)\.)?(.+)$/.exec(own) ?? [];
  const field = FIELDS.find(([names]) => rest !== undefined && names.test(rest))?.[1];
  return field && `${Number(index)}.${field}`;
}
