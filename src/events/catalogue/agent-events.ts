/** What the agent does besides talking, and what people say when they take over from it. */
import { z } from 'zod';
import { type EventType, durable, numberOf, said, spoken, textOf } from './event-type.js';

const id = textOf('The use of the tool.', 'tool_1');
const name = textOf('The tool.', 'book_table');
const skill = { skill: textOf('Its name.', 'bookings'), by: textOf('Who loaded it.', 'agent') };
const confirmed = {
  id,
  args: z.unknown().optional(),
  tool: textOf('The tool.', 'book_table'),
  said: textOf('What the caller said.', 'yes please'),
  ttlS: numberOf('Seconds that it holds.', 60),
};
const person = { ...said, by: textOf('Who.', 'ops@acme.example') };
/** A WhatsApp session is the call. */
const contact = {
  contactPhone: textOf('Who.', '+34611111111'),
  contactName: textOf('As WhatsApp says.', 'Ana'),
};
const chat = {
  ...said,
  sessionId: textOf('The session.', 'WA_31'),
};

export const AGENT_EVENTS: readonly EventType[] = [
  durable('tool.call', 'The agent uses a tool.', {
    id,
    name,
    speechId: spoken.speechId,
    args: z
      .unknown()
      .optional()
      .meta({ description: 'An object, or JSON text.', examples: [{ people: 2 }] }),
  }),
  durable('tool.result', 'A tool has answered.', {
    id,
    name,
    result: z
      .unknown()
      .optional()
      .meta({ description: 'Whatever the tool answers.', examples: [{ booked: true }] }),
    ms: numberOf('Milliseconds.', 310),
    summary: textOf('In words.', 'Booked for two.'),
    error: z.unknown().optional(),
  }),
  durable('llm.toolCall', 'The agent uses tools.', {
    toolCalls: z
      .array(
        z.looseObject({ id: z.string().optional(), name: z.string().optional(), arguments: z.unknown().optional() }),
      )
      .optional()
      .meta({ examples: [[{ id: 'tool_1', name: 'book_table', arguments: '{"people":2}' }]] }),
    msgId: textOf('The message in which it does.', 'msg_2'),
  }),
  durable('llm.tool_result', 'A tool has answered.', {
    toolCallId: id,
    msgId: textOf('The message in which it was asked for.', 'msg_2'),
    name,
    result: z.unknown().optional(),
  }),
  durable('skill.loaded', 'The agent has learned a skill.', skill),
  durable('skill.unloaded', 'The agent has put a skill away.', skill),
  durable('docs.sources', 'What the agent has looked up.', {
    sources: z.array(z.unknown()).optional(),
    query: textOf('What it looked for.', 'opening hours'),
    tookMs: numberOf('Milliseconds.', 120),
    speechId: spoken.speechId,
  }),
  durable('custom', 'The agent author’s own; a later one of the same name and id replaces an earlier one.', {
    id,
    data: z.unknown().optional(),
    name: textOf('Its name.', 'basket'),
    value: z
      .unknown()
      .optional()
      .meta({ examples: [{ items: 3 }] }),
  }),
  durable('event.received', 'The agent was told something from outside.', {
    name: textOf('Its name.', 'payment.done'),
    data: z.unknown().optional(),
    source: textOf('Who told it.', 'backend'),
    identity: z.unknown().optional(),
  }),
  durable('state.changed', 'What the agent keeps of the call has changed.', {
    state: z.unknown().optional(),
    changed: z.unknown().optional(),
    cause: z.unknown().optional(),
  }),
  durable('confirm.request', 'A tool waits for the caller’s yes.', { ...confirmed, phrase: z.unknown().optional() }),
  durable('confirm.granted', 'The caller said yes.', confirmed),
  durable('confirm.declined', 'The caller said no, or nothing.', { ...confirmed, reason: textOf('Why.', 'timeout') }),
  durable('supervisor.ended', 'A person has ended the call.', { by: person.by, reason: textOf('Why.', 'done') }),
  durable('supervisor.transferred', 'A person has passed the call on.', {
    by: person.by,
    mode: textOf('How.', 'warm'),
  }),
  durable('supervisor.said', 'A person spoke to the caller.', person),
  durable('supervisor.whispered', 'A person spoke to the agent alone.', person),
  durable('chat.started', 'A chat has begun.'),
  durable('whatsapp.sessionStarted', 'A WhatsApp session has begun.', { ...chat, ...contact }),
  durable('whatsapp.message', 'The customer wrote.', {
    ...chat,
    name: textOf('Who, as WhatsApp says.', 'Ana'),
    type: textOf('`text`, `image` …', 'text'),
    paused: z.boolean().optional().meta({ description: 'A person has taken over: the agent does not answer.' }),
  }),
  durable('whatsapp.response', 'The agent wrote.', chat),
  durable('whatsapp.status', 'What became of a message.', {
    ...chat,
    status: textOf('`sent`, `delivered`, `read`, `failed` …', 'delivered'),
    recipient: textOf('To whom.', '+34611111111'),
  }),
  durable('whatsapp.sessionEnded', 'A WhatsApp session is over.', {
    ...chat,
    reason: textOf('Why.', 'idle_timeout'),
    ...contact,
    duration: numberOf('Seconds.', 640),
    messageCount: numberOf('Of both sides.', 12),
  }),
];
