/** How a call comes, goes and changes hands. */
import { z } from 'zod';
import { callField } from '../../common/answer-fields.js';
import { type EventType, durable, facts, numberOf, textOf } from './event-type.js';

const by = textOf('Who did it.', 'ops@acme.example');
const metadata = z.record(z.string(), z.unknown()).optional().meta({ description: 'The agent author’s own.' });
const session = { sessionId: textOf('The chat session, which is the call.', 'WA_31'), ...facts };

export const CALL_EVENTS: readonly EventType[] = [
  durable('call.ringing', 'A call rings; nobody has answered yet.', facts),
  durable('call.started', 'A call has begun.', {
    ...facts,
    metadata,
    routedFrom: textOf('The line that routed the call here.', 'line:+34910000000'),
  }),
  durable('call.ended', 'A call is over.', {
    ...facts,
    reason: textOf('`hangup`, `timeout`, `no_answer`, `busy`, `failed` …, `lost`; others may come.', 'hangup'),
    duration: numberOf('Seconds.', 84.2),
  }),
  durable('call.summary', 'The last entry of a call’s log.', {
    metrics: z.record(z.string(), z.unknown()).optional(),
    cost: z.unknown().optional(),
    reason: textOf('Why it ended.', 'hangup'),
    recordingUrl: textOf('Where its sound is.', 'https://media.example/CA_7f3e.mp3'),
  }),
  durable('call.routed', 'A line has handed the call to an agent.', {
    entryAgent: textOf('The agent that it goes to.', 'julia'),
  }),
  durable('call.route_failed', 'A line could not hand the call on.', {
    entryAgent: textOf('The agent that it should go to.', 'julia'),
    reason: textOf('Why.', 'busy'),
  }),
  durable('call.dtmf_received', 'The caller pressed a key.', {
    ...facts,
    digit: textOf('The key.', '4'),
    digits: textOf('All so far.', '14'),
  }),
  durable('handoff.requested', 'A person is asked for.', { by }),
  durable('handoff.active', 'A person speaks in the agent’s place.', { by }),
  durable('handoff.released', 'The agent speaks again.', { by }),
  durable('session.paused', 'The agent does not answer: a person has taken the chat over.', session),
  durable('session.resumed', 'The agent answers again.', session),
  durable('call.erased', 'A call was erased; it stands in place of each of its events.', { callId: callField }),
];
