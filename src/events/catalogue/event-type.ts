/**
 * One type of event as the catalogue describes it. A source may send any fields; the schema describes those that we
 * know. Unknown types and unknown fields pass (docs/protocol.md, section 1.1).
 */
import { z } from 'zod';
import { agentField, callField, momentField } from '../../common/answer-fields.js';

export interface EventType {
  readonly type: string;
  /** False: the event is delivered live only, is never stored, and has no id. */
  readonly durable: boolean;
  readonly summary: string;
  /** The schema of `data`. */
  readonly schema: z.ZodObject;
}

function field(description: string, example: unknown) {
  return { description, examples: [example] };
}

/** The fields that we add or replace (docs/protocol.md, section 4.4). */
const stamped = {
  agent: agentField,
  at: momentField.meta(
    field('When it happened; where the source says no time, when it came in.', '2026-11-27T21:06:05.788Z'),
  ),
};

/** Facts about the call that some wires repeat beside each event. */
const facts = {
  from: z.string().optional().meta(field('The caller’s number or address.', '+34611111111')),
  to: z.string().optional().meta(field('The number that was called.', '+34910000000')),
  direction: z.string().optional().meta(field('`inbound` or `outbound`.', 'inbound')),
  transport: z.string().optional().meta(field('`phone`, `webrtc`, `chat`, `whatsapp` …', 'phone')),
};

/** The call that the event belongs to. */
const ofCall = { callId: callField.optional(), ...facts, ...stamped };

export const said = {
  messageId: z.string().optional().meta(field('The message, within its call; may be empty.', 'msg_1')),
  text: z.string().optional().meta(field('What was said.', 'A table for two, please')),
};

/** The fields of a turn, as the second generation sends them. */
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

/** A type that is stored, numbered and replayed. */
export function durable(type: string, summary: string, shape: z.ZodRawShape = {}): EventType {
  return { type, durable: true, summary, schema: schemaOf(type, shape) };
}

/** A type that is delivered live only. */
export function ephemeral(type: string, summary: string, shape: z.ZodRawShape = {}): EventType {
  return { type, durable: false, summary, schema: schemaOf(type, shape) };
}

/** Events that a source may send can have any further fields. */
function schemaOf(type: string, shape: z.ZodRawShape): z.ZodObject {
  return z.looseObject({ ...ofCall, ...shape }).meta({ title: type });
}
