/** How a call begins, ends and changes hands. */
import { z } from 'zod';
import { callField } from '../../common/answer-fields.js';
import { type EventType, durable, numberOf, textOf, timeOf } from './event-type.js';

const by = textOf('Who did it.', 'ops@acme.example');
const metadata = z.record(z.string(), z.unknown()).optional().meta({ description: 'The agent author’s own.' });
const caller = z.unknown().optional().meta({ description: 'Who calls, as far as the source knows.' });
const endReason = textOf('The reason in the source’s own word.', 'user_hangup');
const ok = z.boolean().optional();
const error = z.unknown().optional();
const mode = textOf('How.', 'warm');
const cost = z.unknown().optional().meta({ description: 'For operators only: a tenant’s events never have it.' });
const session = { sessionId: textOf('The chat session, which is the call.', 'WA_31') };

export const CALL_EVENTS: readonly EventType[] = [
  durable('call.ringing', 'A call rings; nobody has answered yet.', { caller }),
  durable('call.started', 'A call has begun.', {
    metadata,
    startedAt: timeOf('When its log says that it began.'),
    env: textOf('The environment of the agent.', 'production'),
    caller,
    routedFrom: textOf('The line that routed the call here.', 'line:+34910000000'),
  }),
  durable('call.ended', 'A call is over.', {
    reason: textOf('`hangup`, `timeout`, `no_answer`, `busy`, `failed` …, `lost`; others may come.', 'hangup'),
    duration: numberOf('Seconds.', 84.2),
    endReason,
    endedBy: textOf('Who ended it.', 'caller'),
  }),
  durable('call.summary', 'The last entry of a call’s log.', {
    metrics: z.record(z.string(), z.unknown()).optional(),
    cost,
    reason: textOf('Why it ended.', 'hangup'),
    duration: numberOf('Seconds.', 84.2),
    turns: numberOf('Of both sides.', 12),
    outcome: textOf('What came of it.', 'booked'),
    endReason,
    recording: z.boolean().optional().meta({ description: 'A recording exists.' }),
    recordingUrl: textOf('URL of the recording.', 'https://media.example/CA_7f3e.mp3'),
  }),
  durable('call.routed', 'A line has handed the call to an agent.', {
    entryAgent: textOf('The agent that it goes to.', 'julia'),
  }),
  durable('call.route_failed', 'A line could not hand the call on.', {
    entryAgent: textOf('The agent that it should go to.', 'julia'),
    reason: textOf('Why.', 'busy'),
  }),
  durable('call.dtmf_received', 'The caller pressed a key.', {
    digit: textOf('The key.', '4'),
    digits: textOf('All so far.', '14'),
  }),
  durable('handoff.requested', 'A person is asked for.', {
    by,
    reason: textOf('Why.', 'wants a refund'),
    waitS: numberOf('Seconds that the agent waits.', 30),
  }),
  durable('attention.answered', 'Somebody was told, or nobody was there.', { by, ok, error }),
  durable('handoff.active', 'A person speaks in the agent’s place.', { by }),
  durable('handoff.released', 'The agent speaks again.', { by }),
  durable('call.attached', 'A call in progress was found.', {
    started: z.boolean().optional(),
    claimed: z.boolean().optional(),
    entrySeq: z.number().optional(),
  }),
  durable('call.line', 'The line was held or muted, or is so no more.', {
    held: z.boolean().optional(),
    muted: z.boolean().optional(),
  }),
  durable('call.transferred', 'The call was passed on, or could not be.', { ok, error, mode }),
  durable('call.error', 'Something failed within the call.', {
    code: z.unknown().optional(),
    recoverable: z.boolean().optional(),
  }),
  durable('call.score', 'Judges have looked at the call.', {
    passed: z.boolean().nullable().optional(),
    held: numberOf('Verdicts that are a yes.', 3),
    judged: numberOf('Verdicts that are a yes or a no.', 4),
    reason: textOf('Of the first no.', 'It gave no price.'),
    judges: z.array(z.looseObject({})).optional(),
    notJudged: z.unknown().optional(),
    panel: z.unknown().optional(),
    cost,
  }),
  durable('session.paused', 'The agent does not answer: a person has taken the chat over.', session),
  durable('session.resumed', 'The agent answers again.', session),
  durable('call.erased', 'A call was erased; it stands in place of each of its events.', { callId: callField }),
];
