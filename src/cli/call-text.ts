/** Calls as text for a terminal. Pure. What was not measured is left out, or a dash in a table. */
import { z } from 'zod';
import { safe, shown } from './output.js';

const latencySchema = z.looseObject({ p50: z.number(), p95: z.number(), max: z.number(), n: z.number() }).nullable();
const scoreSchema = z
  .looseObject({ passed: z.boolean().nullable(), held: z.number(), judged: z.number(), reason: z.string().nullable() })
  .nullable();
const summary = {
  callId: z.string(),
  agent: z.string(),
  tenant: z.string().nullable().optional(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  name: z.string().nullable(),
  direction: z.string().nullable(),
  transport: z.string().nullable(),
  state: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  duration: z.number().nullable(),
  reason: z.string().nullable(),
  lastLine: z.string().nullable(),
  incomplete: z.boolean(),
  truncated: z.boolean().optional(),
};
const quality = {
  latency: latencySchema,
  tools: z.looseObject({ calls: z.number(), failed: z.number() }),
  score: scoreSchema,
  interruptions: z.number(),
};
const placed = { at: z.string(), seq: z.number(), order: z.number().optional() };
const entrySchema = z.looseObject({
  ...placed,
  role: z.string(),
  text: z.string(),
  latencyMs: z.number().optional(),
  interrupted: z.boolean().optional(),
  corrected: z.boolean().optional(),
  by: z.string().optional(),
});
const toolSchema = z.looseObject({
  ...placed,
  name: z.string().nullable(),
  arguments: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
  ms: z.number().optional(),
});

export const callRowSchema = z.looseObject({
  ...summary,
  quality: z.looseObject(quality),
  snippet: z.looseObject({ text: z.string() }).nullable().optional(),
});
export const callSchema = z.looseObject({
  ...summary,
  quality: z.looseObject({
    ...quality,
    language: z.string().nullable(),
    parts: z.record(z.string(), z.number().nullable()).optional(),
  }),
  transcript: z.array(entrySchema),
  tools: z.array(toolSchema),
  earlier: z.string().nullable(),
});
export type Call = z.infer<typeof callSchema>;

/** Longest arguments or result of a tool, in characters. `--json` has all of it. */
const LONGEST = 300;

/** A list of calls, as a table takes it. */
export const callRows = {
  columns: ['agent', 'from', 'state', 'reason', 'seconds', 'p95', 'said'],
  of: ({ snippet, ...call }: z.infer<typeof callRowSchema>) => ({
    ...call,
    seconds: call.duration,
    p95: call.quality.latency?.p95,
    said: snippet?.text ?? call.lastLine,
  }),
};

/** Header, quality, and what was said and done, each with its minute and second of the call. */
export function callText(call: Call): string {
  const facts = [...factsOf(call), ...qualityOf(call.quality)].map(([name, value]) => `${name.padEnd(13)} ${value}`);
  const lines = [...call.transcript.map(entryLine), ...call.tools.map(toolLine)]
    .sort((one, other) => one.place - other.place || one.seq - other.seq)
    .map(({ at, who, text }) => `${clock(call.startedAt, at).padStart(7)}  ${who.padEnd(6)}  ${text}`);
  return [...facts, '', ...(lines.length === 0 ? ['nothing was said'] : lines), ''].join('\n');
}

type Fact = readonly [name: string, value: string];

function factsOf(call: Call): Fact[] {
  const { from, to, name, direction, transport, state, reason, duration } = call;
  const flaws = [
    ...(call.incomplete ? ['a part of it never reached us'] : []),
    ...(call.truncated ? ['what came later is in the log only'] : []),
  ];
  const length = duration === null ? [] : [`after ${duration} s`];
  return [
    ['call', safe(call.callId)],
    ...('tenant' in call ? [['tenant', shown(call.tenant)] as const] : []),
    ['agent', safe(call.agent)],
    ['caller', joined([name, from === null && to === null ? null : `${shown(from)} → ${shown(to)}`])],
    ['way', joined([direction, transport])],
    ['began', safe(call.startedAt)],
    ['state', joined([state, reason, ...length])],
    ...(flaws.length === 0 ? [] : [['incomplete', flaws.join('; ')] as const]),
  ];
}

function qualityOf({ latency, tools, score, interruptions, language, parts }: Call['quality']): Fact[] {
  const times = Object.entries(parts ?? {}).flatMap(([part, ms]) =>
    ms === null ? [] : [`${safe(part)} ${(ms / 1000).toFixed(1)} s`],
  );
  const verdict = score?.passed === null ? null : score?.passed ? 'passed' : 'not passed';
  const facts: (readonly [string, string | null])[] = [
    ['language', language],
    [
      'latency',
      latency && `p50 ${latency.p50} ms, p95 ${latency.p95} ms, longest ${latency.max} ms, of ${turns(latency.n)}`,
    ],
    ['tools', tools.calls === 0 ? null : `${tools.calls}, of which ${tools.failed} failed`],
    ['score', score && joined([verdict, `${score.held} of ${score.judged} held`, score.reason])],
    ['interruptions', interruptions === 0 ? null : String(interruptions)],
    ['time', times.length === 0 ? null : times.join(', ')],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, safe(value)] as const]));
}

interface Line {
  readonly at: string;
  readonly seq: number;
  /** The place in the call: the upstream log's, where it orders the call. */
  readonly place: number;
  readonly who: string;
  readonly text: string;
}

function entryLine({ role, text, at, seq, order, ...entry }: Call['transcript'][number]): Line {
  const marks = [
    ...(entry.by === undefined ? [] : [`by ${safe(entry.by)}`]),
    ...(entry.latencyMs === undefined ? [] : [`after ${entry.latencyMs} ms`]),
    ...(entry.interrupted ? ['interrupted'] : []),
    ...(entry.corrected ? ['corrected'] : []),
  ];
  const more = marks.length === 0 ? '' : `  (${marks.join(', ')})`;
  return { at, seq, place: order ?? seq, who: role === 'user' ? 'caller' : 'agent', text: safe(text) + more };
}

function toolLine({ name, at, seq, order, ms, error, ...tool }: Call['tools'][number]): Line {
  const failed = error !== undefined && error !== null;
  const outcome = failed ? `failed: ${clipped(error)}` : clipped(tool.result);
  const text = `${shown(name)} ${clipped(tool.arguments)} → ${outcome}${ms === undefined ? '' : `  (${ms} ms)`}`;
  return { at, seq, place: order ?? seq, who: 'tool', text };
}

/** Minutes and seconds since the call began. */
function clock(startedAt: string, at: string): string {
  const seconds = Math.max(0, Math.floor((Date.parse(at) - Date.parse(startedAt)) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const turns = (n: number) => (n === 1 ? '1 turn' : `${n} turns`);
const joined = (parts: readonly (string | null)[]) =>
  parts.flatMap((part) => (part === null ? [] : [safe(part)])).join(', ') || shown(null);

function clipped(value: unknown): string {
  const text = shown(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
