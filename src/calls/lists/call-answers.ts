/** What is answered about calls, as `/openapi.json` describes it (docs/calls.md). */
import { z } from 'zod';
import { callCost, entryMeasures, qualityOfCall, qualityOfRow } from './quality-answers.js';
import { agentField, callField, cursorField, momentField, nextField, tenantField } from '../../common/answer-fields.js';

const role = z.enum(['user', 'bot']);
const seq = z
  .int()
  .min(0)
  .meta({ description: 'Its place among the entries and tools of the call.', examples: [7] });
const messageId = z
  .string()
  .nullable()
  .meta({ examples: ['msg_1'] });
const text = (example: string) => z.string().meta({ examples: [example] });

const cause = {
  condition: text('said').meta({ description: 'The condition’s name.' }),
  event: text('3').meta({ description: 'The id of the event that fulfilled it.' }),
};
const firedRule = z
  .object({
    id: text('7').meta({ description: 'The id of its `rule.fired`.' }),
    rule: text('3f0c9a4e-58d2-4b7e-9a53-0f6f0d1f7c11').meta({ description: 'The rule’s id.' }),
    name: text('wants out'),
    at: momentField,
    because: z.object({
      ...cause,
      text: text('I want a refund').optional(),
      all: z
        .array(z.object(cause))
        .optional()
        .meta({ examples: [[]] }),
    }),
  })
  .meta({ id: 'FiredRule' });

const summary = {
  callId: callField,
  agent: agentField,
  from: text('+34611111111').nullable(),
  to: text('+34910000000').nullable(),
  name: z
    .string()
    .nullable()
    .meta({ description: 'The caller’s name, where a chat says it.', examples: [null] }),
  direction: text('inbound').nullable(),
  transport: text('phone').nullable(),
  state: z.enum(['ringing', 'live', 'ended']).meta({ examples: ['ended'] }),
  startedAt: momentField,
  endedAt: momentField.nullable(),
  duration: z
    .number()
    .min(0)
    .nullable()
    .meta({ description: 'Seconds.', examples: [84.2] }),
  reason: text('hangup')
    .nullable()
    .meta({
      description: 'Why it ended. `lost`: nothing came of it for so long that it counts as over.',
      examples: ['hangup'],
    }),
  handoff: z
    .object({ state: z.enum(['requested', 'active']), by: z.string().nullable(), at: momentField })
    .optional()
    .meta({ description: 'While a person is asked for, or speaks in the agent’s place.' }),
  lastLine: text('A table for two, please')
    .nullable()
    .meta({ description: 'What was said last, at most 160 characters of it.', examples: ['A table for two, please'] }),
  incomplete: z.boolean().meta({ description: 'Something of the call never reached us (`log.gap`).' }),
  truncated: z.literal(true).optional().meta({ description: 'It has more events than are taken in.' }),
  recording: z.literal(true).optional().meta({ description: 'There is a recording (`…/recording`).' }),
  fired: z
    .array(firedRule)
    .optional()
    .meta({ description: 'The first 20 firings of live rules, 5 of a rule. Absent: none has fired.', examples: [[]] }),
};

const snippet = z
  .object({
    text: text('I want a refund'),
    matches: z.array(z.object({ start: z.int().min(0), end: z.int().min(0) })),
    role,
    at: momentField,
    messageId,
    seq,
  })
  .meta({ description: 'With `q`: the first line that says it; null where it was the caller that was found.' });

const listed = { ...summary, quality: qualityOfRow, snippet: snippet.nullable().optional() };

export const callRow = z.object(listed).meta({ id: 'CallRow' });
export const platformCallRow = z.object({ ...listed, tenant: tenantField.nullable() }).meta({ id: 'PlatformCallRow' });

const pageFields = {
  next: nextField,
  cursor: cursorField.meta({
    description: 'A stream opened with `after=<cursor>` goes on exactly where this ends.',
    examples: [1224],
  }),
};
export const callPage = z.object({ calls: z.array(callRow), ...pageFields });
export const platformCallPage = z.object({ calls: z.array(platformCallRow), ...pageFields });

const transcriptEntry = z
  .object({
    role,
    text: text('A table for two, please'),
    at: momentField,
    messageId,
    seq,
    ...entryMeasures,
    interrupted: z.literal(true).optional().meta({ description: 'The caller spoke over it.' }),
    wordsSpoken: z.number().optional().meta({ description: 'How many of its words were heard.' }),
    corrected: z.literal(true).optional().meta({ description: 'Its text was replaced after it was said.' }),
    by: z.string().optional().meta({ description: 'A person who spoke in the agent’s place.' }),
  })
  .meta({ id: 'TranscriptEntry' });

const toolUse = z
  .object({
    id: text('tool_1'),
    name: text('book_table').nullable(),
    at: momentField,
    seq,
    order: entryMeasures.order,
    arguments: z.unknown().meta({ examples: [{ people: 2 }] }),
    result: z.unknown().meta({ description: 'Null until it has answered.', examples: [{ booked: true }] }),
    endedAt: momentField.nullable(),
    error: z.unknown().optional(),
    ms: z.number().optional(),
  })
  .meta({ id: 'ToolUse' });

const whole = {
  ...summary,
  quality: qualityOfCall,
  transcript: z.array(transcriptEntry),
  tools: z.array(toolUse),
  earlier: z
    .string()
    .nullable()
    .meta({ description: 'For `?before=`: the page before; null: there is none.', examples: [null] }),
  cursor: pageFields.cursor,
};

export const callAnswer = z.object(whole).meta({ id: 'Call' });
export const platformCallAnswer = z
  .object({
    ...whole,
    tenant: tenantField.nullable(),
    cost: callCost,
    quarantined: z.literal(true).optional().meta({ description: 'Nothing of it is taken in until a rebuild.' }),
  })
  .meta({ id: 'PlatformCall' });

export const callsProgress = z
  .object({
    state: z.enum(['up', 'rebuilding']),
    behind: z.int().meta({ description: 'Events of the log that are not in the calls yet.', examples: [0] }),
    quarantined: z.int().optional().meta({ description: 'Calls of which nothing is taken in.' }),
    percent: z.number().optional().meta({ description: 'Of a rebuild.' }),
  })
  .meta({ id: 'CallsProgress' });
