/**
 * What is answered about the quality of calls, as `/openapi.json` describes it (docs/calls.md, "Quality"). Null: it was
 * not measured.
 */
import { z } from 'zod';
import { momentField } from '../../common/answer-fields.js';

const ms = (description: string, example: number) =>
  z
    .number()
    .min(0)
    .meta({ description, examples: [example] });
const count = (example: number) =>
  z
    .int()
    .min(0)
    .meta({ examples: [example] });
const label = (example: string) =>
  z
    .string()
    .nullable()
    .meta({ examples: [example] });

const latency = z
  .object({
    p50: ms('Milliseconds.', 870),
    p95: ms('Milliseconds.', 1720),
    max: ms('Milliseconds.', 1910),
    n: count(12),
  })
  .nullable()
  .meta({ description: 'From when the caller stopped until the agent was heard, of `n` turns.' });
const tools = z.object({ calls: count(2), failed: count(0) });
const passed = z
  .boolean()
  .nullable()
  .meta({ examples: [true] });
const scored = { passed, held: count(2), judged: count(2), reason: label('booked before it was granted') };
const judge = z.object({ name: label('consent'), verdict: label('held'), reason: label('asked for it first') });
const interruptions = z
  .int()
  .min(0)
  .meta({ description: 'Replies that the caller cut off.', examples: [1] });

export const qualityOfRow = z
  .object({ latency, tools, score: z.object(scored).nullable(), interruptions })
  .meta({ id: 'Quality' });

const partMs = z
  .number()
  .min(0)
  .nullable()
  .meta({ examples: [12_400] });
export const qualityOfCall = z
  .object({
    latency,
    tools,
    interruptions,
    score: z.object({ ...scored, judges: z.array(judge).optional() }).nullable(),
    language: label('es'),
    parts: z
      .object({
        ringing: ms('Milliseconds.', 400),
        caller: partMs,
        agent: partMs,
        tools: partMs,
        silence: ms('The rest.', 9000),
      })
      .optional()
      .meta({
        description: 'Where the time of a call that is over went; they add up to its ringing and its duration.',
      }),
  })
  .meta({ id: 'CallQuality' });

/** The measures of an entry of a transcript. */
export const entryMeasures = {
  order: z.int().min(0).optional().meta({ description: 'Its place, where an upstream log orders the call.' }),
  endedAt: z.iso.datetime().optional().meta({ description: 'When it was over, where that is known.' }),
  latencyMs: z.number().min(0).optional().meta({ description: 'How long the turn let the caller wait.' }),
  confidence: z.number().optional().meta({ description: 'How sure the recogniser was, 0–1.' }),
};

export const callCost = z
  .object({
    amount: z.number().meta({ examples: [0.0412] }),
    currency: label('USD'),
    rows: z.array(z.unknown()).nullable(),
  })
  .nullable()
  .meta({ description: 'What upstream bills for the call. Null: it says nothing.', examples: [null] });

const latencies = z
  .object({ p50: ms('Milliseconds.', 870), p95: ms('Milliseconds.', 1720), n: count(5120) })
  .nullable()
  .meta({ description: 'Of all turns that were measured; null: none was.' });

/** The measures of the calls of a span of time. */
export const spanMeasures = {
  measuredSince: momentField
    .nullable()
    .meta({ description: 'Of more than 50,000 calls only the newest are measured: since when.', examples: [null] }),
  latency: latencies,
  tools,
  escalated: z
    .int()
    .min(0)
    .meta({ description: 'Calls in which a person was asked for, or took over.', examples: [3] }),
  score: z
    .object({ judged: count(40), passed: count(38) })
    .nullable()
    .meta({ description: 'Of the calls that were judged; null: none was.' }),
};
export const latencyOfPart = { latency: latencies };
