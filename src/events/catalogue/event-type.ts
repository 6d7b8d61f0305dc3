/**
 * One type of event as the catalogue describes it. Fields that a source sends are its own: what stands here is what those do
 * that we know. Unknown types and unknown fields pass (docs/protocol.md, section 1.1).
 */
import { z } from 'zod';
import { agentField, callField, momentField } from '../../common/answer-fields.js';

export interface EventType {
  readonly type: string;
  /** False: delivered live only, never stored, and without an id. */
  readonly durable: boolean;
  readonly summary: string;
  /** Of `data`. */
  readonly schema: z.ZodObject;
}

function field(description: string, example: unknown) {
  return { description, examples: [example] };
}

/** What we add or replace (docs/protocol.md, section 4.4). */
const stamped = {
  agent: agentField,
  at: momentField.meta(
    field('When it happened; where the source says no time, when it came in.', '2026-11-27T21:06:05.788Z'),
  ),
};

/** What wires that repeat a call's facts beside each event repeat. */
const facts = {
  from: z.string().optional().meta(field('The caller’s number or address.', '+34611111111')),
  to: z.string().optional().meta(field('The number that was called.', '+34910000000')),
  direction: z.string().optional().meta(field('`inbound` or `outbound`.', 'inbound')),
  transport: z.string().optional().meta(field('`phone`, `webrtc`, `chat`, `whatsapp` …', 'phone')),
};

/** The call that it belongs to. */
const ofCall = { callId: callField.optional(), ...facts, ...stamped };

export const said = {
  messageId: z.string().optional().meta(field('The message, within its call; may be empty.', 'msg_1')),
  text: z.string().optional().meta(field('What was said.', 'A table for two, please')),
};

/** Of a turn, as the second generation tells it. */
export const spoken = {
  startedAt: timeOf('When it began to be said.'),
  endedAt: timeOf('When it was said.'),
  durationMs: numberOf('Milliseconds.', 1840),
  speechId: textOf('The turn, as its source names it.', 'speech_1'),
  itemId: textOf('The message, as its source names it.', 'item_1'),
};

export function textOf(description: string, example: string) {
  return z.string().optional().meta(field(description, example));
}
export function numberOf(description: string, example: number) {
  return z.number().optional().meta(field(description, example));
}

export function timeOf(description: string) {
  return momentField.optional().meta(field(description, '2026-11-27T21:06:05.788Z'));
}

/** Stored, numbered and replayed. */
export function durable(type: string, summary: string, shape: z.ZodRawShape = {}): EventType {
  return { type, durable: true, summary, schema: schemaOf(type, shape) };
}

/** Delivered live only. */
export function ephemeral(type: string, summary: string, shape: z.ZodRawShape = {}): EventType {
  return { type, durable: false, summary, schema: schemaOf(type, shape) };
}

/** What a source may send has whatever fields it likes besides. */
function schemaOf(type: string, shape: z.ZodRawShape): z.ZodObject {
  return z.looseObject({ ...ofCall, ...shape }).meta({ title: type });
}
