/** What a rule waits for, in the form in which it is written (docs/rules.md, "Conditions"). Pure. */
import { z } from 'zod';
import { lineSchema } from '../common/ids.js';
import { wordsIn } from '../calls/search/search-words.js';
import { MAX_PATTERN, Pattern } from './pattern.js';

/** Phrases of one condition, and the length of the longest. Bounds what a rule holds. */
const MAX_PHRASES = 50;
const MAX_PHRASE = 200;
const MAX_NAMES = 50;
/** Conditions that must hold together. */
const MAX_ALL = 8;
/** No condition waits for a longer silence. A call whose process ended is found again for six hours. */
const MAX_SILENCE_SECONDS = 3600;
const MAX_LENGTH_SECONDS = 4 * 3600;
const MAX_LATENCY_MS = 600_000;

const by = z.enum(['caller', 'agent', 'anybody']);

const phrase = lineSchema(MAX_PHRASE).refine((text) => wordsIn(text).length > 0, 'must have a letter or a digit in it');

const pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN)
  .superRefine((text, context) => {
    const fault = Pattern.faultOf(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

const saidSchema = z.strictObject({
  said: z
    .strictObject({ by, words: z.array(phrase).min(1).max(MAX_PHRASES).optional(), pattern: pattern.optional() })
    .refine(
      (said) => (said.words === undefined) !== (said.pattern === undefined),
      'must have either words or a pattern',
    ),
});
const silenceSchema = z.strictObject({
  silence: z.strictObject({ seconds: z.number().int().min(1).max(MAX_SILENCE_SECONDS), by: by.default('anybody') }),
});
const latencySchema = z.strictObject({
  latency: z.strictObject({ overMs: z.number().int().min(0).max(MAX_LATENCY_MS) }),
});
const toolFailedSchema = z.strictObject({ toolFailed: z.strictObject({ name: lineSchema(MAX_PHRASE).optional() }) });
const longerThanSchema = z.strictObject({
  longerThan: z.strictObject({ seconds: z.number().int().min(1).max(MAX_LENGTH_SECONDS) }),
});
const endedSchema = z.strictObject({
  ended: z.strictObject({ reasons: z.array(lineSchema(MAX_PHRASE)).min(1).max(MAX_NAMES) }),
});
const handoffSchema = z.strictObject({ handoff: z.enum(['requested', 'active']) });
const scoreSchema = z.strictObject({ score: z.literal('failed') });

const SINGLE = [
  saidSchema,
  silenceSchema,
  latencySchema,
  toolFailedSchema,
  longerThanSchema,
  endedSchema,
  handoffSchema,
  scoreSchema,
] as const;
export type Single = z.infer<(typeof SINGLE)[number]>;
export type Condition = Single | z.infer<typeof allSchema>;
export type Side = z.infer<typeof by>;

/**
 * Finds the schema by the one name that a condition has, so that an error is about the condition that was meant, not
 * about every kind that exists.
 */
function named<Value>(schemas: readonly z.ZodObject[]) {
  const byName = new Map(schemas.map((schema) => [Object.keys(schema.shape)[0] ?? '', schema]));
  return z
    .record(z.string(), z.unknown())
    .superRefine((value, context) => {
      const names = Object.keys(value);
      const [name = ''] = names;
      const schema = byName.get(name);
      if (names.length !== 1 || schema === undefined) {
        const known = [...byName.keys()].join(', ');
        context.addIssue({ code: 'custom', message: `must have exactly one of these members: ${known}` });
        return;
      }
      for (const { path, message } of schema.safeParse(value).error?.issues ?? [])
        context.addIssue({ code: 'custom', path, message });
    })
    .transform((value) => byName.get(Object.keys(value)[0] ?? '')?.parse(value) as Value);
}

const allSchema = z.strictObject({ all: z.array(named<Single>(SINGLE)).min(1).max(MAX_ALL) });

export const conditionSchema = named<Condition>([...SINGLE, allSchema]);

/** The single conditions of a condition, in their order. */
export function singlesOf(condition: Condition): readonly Single[] {
  return 'all' in condition ? condition.all : [condition];
}

/** True when time alone fulfils a part of it. */
export function isTimed(condition: Condition): boolean {
  return singlesOf(condition).some((single) => 'silence' in single || 'longerThan' in single);
}

export function patternsIn(condition: Condition): number {
  return singlesOf(condition).filter((single) => 'said' in single && single.said.pattern !== undefined).length;
}

export function kindOf(condition: Condition): string {
  return Object.keys(condition)[0] ?? '';
}
