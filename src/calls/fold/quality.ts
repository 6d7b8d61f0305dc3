/**
 * How good a call was (docs/calls.md, "Quality"): what is counted while its events come in, and how it is shown. A
 * value that was not measured is null, never 0.
 */
import { type Bills, NO_BILLS, billsAfter } from './bill.js';
import type { CallEvent } from './call-event.js';
import { type Claim, better, claim } from './claim.js';
import type { Talk } from './course-state.js';
import { type Latency, latencyIn } from './latencies-state.js';
import type { Part } from './call-part.js';
import { type Keyed, valueAt } from './keyed.js';
import { labelOf, numberOf, objectAt, objectsIn } from './value.js';

/** Counted as the parts change, so that a repeat counts once. */
export interface Tally {
  readonly tools: number;
  readonly failed: number;
  readonly interruptions: number;
}

export interface Judgement {
  readonly name: string | null;
  readonly verdict: string | null;
  readonly reason: string | null;
}

/** What judges said of the call. `reason`: of the first judge whose verdict is `broken`. */
export interface Score {
  readonly passed: boolean | null;
  readonly held: number;
  readonly judged: number;
  readonly reason: string | null;
  /** Present for a single call, not in lists; the `broken` ones come first. */
  readonly judges?: readonly Judgement[];
}

/** Kept with the call, as JSON. */
export interface Measures {
  readonly tally: Tally;
  /** Of the turns, as of the last batch that had one; null: no turn was measured. */
  readonly latency: Latency | null;
  /** What the call's summary says about latency. */
  readonly summarised: Claim<Latency> | null;
  readonly talk: Talk | null;
  readonly language: Claim<string> | null;
  readonly score: Claim<Score> | null;
  /** A person was asked for, or took over. */
  readonly escalated: boolean;
  /** For the operator only. */
  readonly bills: Bills;
}

export const NOTHING_MEASURED: Measures = {
  tally: { tools: 0, failed: 0, interruptions: 0 },
  latency: null,
  summarised: null,
  talk: null,
  language: null,
  score: null,
  escalated: false,
  bills: NO_BILLS,
};

/** Judges that are kept: they are in every row of a list. */
const MAX_JUDGES = 16;
const MAX_REASON = 300;
const MS = 1000;

export function measuresAfter(known: Measures, event: CallEvent): Measures {
  const { type, seq, data } = event;
  if (type === 'user.message') {
    const language = labelOf(data['language']);
    return language === null ? known : { ...known, language: better(known.language, claim(language, 0, seq)) };
  }
  if (type === 'handoff.requested' || type === 'handoff.active')
    return known.escalated ? known : { ...known, escalated: true };
  if (type === 'call.score') {
    return { ...known, score: better(known.score, scoreIn(event)), bills: billsAfter(known.bills, event) };
  }
  return type === 'call.summary' ? summaryAfter(known, event) : known;
}

/** The tally with what the change of some parts adds. */
export function tallyAfter(tally: Tally, before: Keyed<Part>, after: Keyed<Part>, keys: readonly string[]): Tally {
  let [tools, failed, interruptions] = [tally.tools, tally.failed, tally.interruptions];
  for (const key of keys) {
    const [was, is] = [countsOf(valueAt(before, key)), countsOf(valueAt(after, key))];
    tools += is.tools - was.tools;
    failed += is.failed - was.failed;
    interruptions += is.interruptions - was.interruptions;
  }
  const isSame = tools === tally.tools && failed === tally.failed && interruptions === tally.interruptions;
  return isSame ? tally : { tools, failed, interruptions };
}

/** From the turns or from the summary, whichever has more turns. */
export function latencyKnown({ latency, summarised }: Measures): Latency | null {
  const summary = summarised?.value ?? null;
  return latency === null || (summary !== null && summary.n > latency.n) ? summary : latency;
}

function countsOf(part: Part | undefined): Tally {
  const isTool = part?.kind === 'tool';
  const hasFailed = isTool && part.answer !== null && part.answer.value.error !== null;
  const wasCutOff = part?.kind === 'message' && part.interrupted;
  return { tools: isTool ? 1 : 0, failed: hasFailed ? 1 : 0, interruptions: wasCutOff ? 1 : 0 };
}

/** A score that was judged counts more than one that was not. Of two judged scores the later one counts. */
function scoreIn({ seq, data }: CallEvent): Claim<Score> {
  const judges = objectsIn(data['judges']).map(({ name, verdict, reason }) => ({
    name: labelOf(name),
    verdict: labelOf(verdict),
    reason: labelOf(reason)?.slice(0, MAX_REASON) ?? null,
  }));
  const held = judges.filter(({ verdict }) => verdict === 'held').length;
  const broken = judges.filter(({ verdict }) => verdict === 'broken');
  const judged = held + broken.length;
  const passed = typeof data['passed'] === 'boolean' ? data['passed'] : null;
  const reason = broken[0]?.reason ?? labelOf(data['reason']) ?? labelOf(data['notJudged']);
  const kept = [...broken, ...judges.filter(({ verdict }) => verdict !== 'broken')].slice(0, MAX_JUDGES);
  return claim({ passed, held, judged, reason, judges: kept }, judged > 0 || passed !== null ? 1 : 0, seq);
}

/** More turns than any call has: what a summary says beyond it is a mistake. */
const MAX_TURNS = 1_000_000;

/** The first generation's summary gives seconds. */
function summaryAfter(known: Measures, event: CallEvent): Measures {
  const { seq, data } = event;
  const e2e = objectAt(objectAt(data['metrics'])['e2e']);
  const [p50, p95, max] = ['p50', 'p95', 'max'].map((name) => {
    const seconds = numberOf(e2e[name]);
    return latencyIn(seconds === null ? null : seconds * MS);
  });
  const n = numberOf(e2e['n']);
  const isWhole =
    p50 !== undefined &&
    p95 !== undefined &&
    max !== undefined &&
    n !== null &&
    Number.isInteger(n) &&
    n > 0 &&
    n <= MAX_TURNS;
  const summarised = isWhole ? better(known.summarised, claim({ p50, p95, max, n }, 0, seq)) : known.summarised;
  return { ...known, summarised, bills: billsAfter(known.bills, event) };
}

/** Quality as it is shown, in milliseconds. */
export interface Quality {
  readonly latency: Latency | null;
  readonly tools: { readonly calls: number; readonly failed: number };
  readonly score: Score | null;
  readonly interruptions: number;
}

/** `parts` add up to the ringing and the duration. Present if the call is over and events say when who spoke. */
export interface WholeQuality extends Quality {
  readonly language: string | null;
  readonly parts?: TimeParts;
}

export interface TimeParts {
  readonly ringing: number;
  readonly caller: number | null;
  readonly agent: number | null;
  readonly tools: number | null;
  readonly silence: number;
}

export function qualityOf(measures: Measures): Quality {
  const { tools, failed, interruptions } = measures.tally;
  const score = scoreOf(measures);
  return {
    latency: latencyKnown(measures),
    tools: { calls: tools, failed },
    score: score && withoutJudges(score),
    interruptions,
  };
}

export function wholeQualityOf(measures: Measures, lengths: Lengths | null): WholeQuality {
  const parts = lengths && measures.talk && partsOf(measures.talk, lengths);
  return {
    ...qualityOf(measures),
    score: scoreOf(measures),
    language: measures.language?.value ?? null,
    ...(parts && { parts }),
  };
}

/** Lengths of a call that is over, in milliseconds. */
export interface Lengths {
  readonly ringing: number;
  readonly talking: number;
}

/** Sides that spoke longer than the call lasted are cut to its length, in this order. The rest is silence. */
function partsOf({ agent, caller, tools }: Talk, { ringing, talking }: Lengths): TimeParts | null {
  if (agent === null && caller === null && tools === null) return null;
  let left = talking;
  const share = (ms: number | null) => {
    if (ms === null) return null;
    const own = Math.min(left, Math.round(ms));
    left -= own;
    return own;
  };
  const [ofAgent, ofCaller, ofTools] = [share(agent), share(caller), share(tools)];
  return { ringing, caller: ofCaller, agent: ofAgent, tools: ofTools, silence: left };
}

function withoutJudges({ passed, held, judged, reason }: Score): Score {
  return { passed, held, judged, reason };
}

/** A score without content counts as no score. */
function scoreOf({ score }: Measures): Score | null {
  return score === null || score.rank === 0 ? null : score.value;
}
