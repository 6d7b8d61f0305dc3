/**
 * The second generation's types in our customers' vocabulary: one table. Pure. Types that are held back are neither
 * stored nor sent: they contain SIP headers, prompts and vendors' names. Of a known type only the fields in the table
 * get through.
 */
import { costIn } from './bill.js';
import { type CallContext, metricsOf } from './call-context.js';
import { type Entry, type Fields, isFields } from './entry.js';
import { type Draft, type Translate, agentTranscript, agentTurn, supervisorSaid, userState, userTranscript, userTurn } from './turns.js'; // prettier-ignore
import { carriedOver, msOf, personIn, present, reasonOf, renamed, timeIn } from './words.js';

/** Types that no customer may see. */
const HELD_BACK = /^((metrics|room|participant|track|vendor|prompt|tools|memory|log)\..*|agent\.state|call\.claimed)$/;
/** Types that collide with EventSource's own or with what our streams say (docs/protocol.md, section 10). */
const TAKEN = new Set(['error', 'message', 'open', 'connected', 'agents.changed', 'token.expiring', 'stream.closing']);

/** Under our type, with these fields (ours ← theirs). */
const same =
  (type: string, names: Readonly<Record<string, string>>): Translate =>
  ({ data }, context) => ({ events: [{ type, data: renamed(data, names) }], context });

/** As {@link same}, with who did it as a name. */
const byPerson =
  (type: string, names: Readonly<Record<string, string>> = {}): Translate =>
  ({ data }, context) => ({
    events: [{ type, data: present({ ...renamed(data, names), by: personIn(data['by']) }) }],
    context,
  });

/** Keeps who is on the line; `direction` where the entry says none. */
function withFacts(known: CallContext, data: Fields, direction: string | undefined, isSpoken: boolean): CallContext {
  const next = { ...known, isSpoken: known.isSpoken || isSpoken };
  const said = present({
    from: data['from'],
    to: data['to'],
    direction: data['direction'] ?? direction,
    transport: transportOf(data, next),
  });
  return { ...next, facts: { ...known.facts, ...said } };
}

function transportOf(data: Fields, { isSpoken, isWhole }: CallContext): unknown {
  const { channel, medium } = data;
  if (channel !== 'web') return channel;
  if (medium === 'voice' || medium === 'text') return medium === 'voice' ? 'webrtc' : 'chat';
  return isSpoken ? 'webrtc' : isWhole ? 'chat' : channel;
}

/** A call that is dialled rings at the other end: one type for both, told apart by `direction`. */
const rings =
  (direction: string): Translate =>
  ({ data }, known) => {
    const context = withFacts(known, data, direction, true);
    return {
      events: [{ type: 'call.ringing', data: { ...context.facts, ...renamed(data, { caller: 'caller' }) } }],
      context,
    };
  };

const started: Translate = ({ data }, known) => {
  const context = withFacts(known, data, undefined, false);
  const own = present({ ...renamed(data, { caller: 'caller', env: 'env' }), startedAt: timeIn(data['started_at']) });
  return { events: [{ type: 'call.started', data: { ...context.facts, ...own } }], context };
};

const ended: Translate = ({ data }, context) => ({
  events: [
    {
      type: 'call.ended',
      data: present({
        ...renamed(data, { duration: 'duration_s', endedBy: 'ended_by', endReason: 'reason' }),
        reason: reasonOf(data['reason']),
      }),
    },
  ],
  context,
});

/** `cost` is the operator's: no tenant's events show it (`shownData` in src/events/log/event.ts). */
const summary: Translate = ({ type, data }, context) => ({
  events: [
    {
      type: 'call.summary',
      data: present({
        ...renamed(data, { duration: 'duration_s', turns: 'turns', outcome: 'outcome', endReason: 'reason' }),
        reason: reasonOf(data['reason']),
        metrics: metricsOf(context.samples),
        recording: typeof data['recording'] === 'string' && data['recording'] !== '',
        cost: costIn({ type, data }),
      }),
    },
  ],
  context,
});

/** `judged`: how many verdicts are a yes or a no. `reason`: of the first no. `cost` is the operator's, too. */
const score: Translate = ({ type, data }, context) => {
  const all: readonly unknown[] = Array.isArray(data['judges']) ? data['judges'] : [];
  const judges = all.filter(isFields).map((judge) =>
    renamed(judge, {
      name: 'name',
      verdict: 'verdict',
      criteria: 'criteria',
      reason: 'reason',
      evidence: 'evidence',
      choice: 'choice',
      score: 'score',
    }),
  );
  const held = judges.filter(({ verdict }) => verdict === 'held').length;
  const broken = judges.filter(({ verdict }) => verdict === 'broken');
  const said = renamed(data, { passed: 'passed', notJudged: 'not_judged', panel: 'panel' });
  const counts = { judges, held, judged: held + broken.length, reason: broken[0]?.['reason'] };
  const cost = costIn({ type, data });
  return { events: [{ type: 'call.score', data: present({ ...said, ...counts, cost }) }], context };
};

const toolResult: Translate = ({ data }, context) => ({
  events: [
    {
      type: 'tool.result',
      // A tool that answered null has still answered.
      data: {
        ...renamed(data, { id: 'call_id', name: 'name', error: 'error', summary: 'summary' }),
        result: data['output'] ?? null,
        ...present({ ms: msOf(data['duration_s']) }),
      },
    },
  ],
  context,
});

const CONFIRMED = { id: 'call_id', tool: 'tool', said: 'said', ttlS: 'ttl_s' };

/** What each type becomes. A type that is not here keeps its own name, unless it is held back. */
const TABLE: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ['call.ringing', rings('inbound')],
  ['call.dialing', rings('outbound')],
  ['call.started', started],
  ['call.attached', same('call.attached', { started: 'started', claimed: 'claimed', entrySeq: 'seq' })],
  ['call.line', same('call.line', { held: 'held', muted: 'muted' })],
  ['call.transferred', same('call.transferred', { to: 'to', ok: 'ok', mode: 'mode', error: 'error' })],
  ['dtmf.received', same('call.dtmf_received', { digit: 'digit' })],
  ['call.ended', ended],
  ['call.summary', summary],
  ['call.score', score],
  ['user.state', userState],
  ['user.transcript', userTranscript],
  ['turn.user', userTurn],
  ['agent.transcript', agentTranscript],
  ['turn.agent', agentTurn],
  ['tool.call', same('tool.call', { id: 'call_id', name: 'name', args: 'arguments', speechId: 'speech_id' })],
  ['tool.result', toolResult],
  ['confirm.request', same('confirm.request', { ...CONFIRMED, args: 'arguments', phrase: 'phrase' })],
  ['confirm.granted', same('confirm.granted', CONFIRMED)],
  ['confirm.declined', same('confirm.declined', { ...CONFIRMED, reason: 'reason' })],
  ['state.changed', same('state.changed', { state: 'state', changed: 'changed', cause: 'cause' })],
  ['docs.sources', same('docs.sources', { query: 'query', sources: 'sources', tookMs: 'took_ms', speechId: 'speech_id' })], // prettier-ignore
  ['custom', same('custom', { name: 'name', data: 'data', value: 'value', id: 'id' })],
  ['event.received', same('event.received', { name: 'name', data: 'data', source: 'source', identity: 'identity' })],
  ['attention.requested', same('handoff.requested', { reason: 'reason', waitS: 'wait_s' })],
  ['attention.answered', byPerson('attention.answered', { ok: 'ok', error: 'error' })],
  ['supervisor.took_over', byPerson('handoff.active')],
  ['supervisor.released', byPerson('handoff.released')],
  ['supervisor.said', supervisorSaid],
  ['supervisor.whispered', byPerson('supervisor.whispered', { text: 'text' })],
  ['supervisor.ended', byPerson('supervisor.ended', { reason: 'reason' })],
  ['supervisor.transferred', byPerson('supervisor.transferred', { to: 'to', mode: 'mode' })],
  // Its message is a vendor's, in the vendor's words.
  ['error', same('call.error', { code: 'code', recoverable: 'recoverable' })],
]);

const heldBack: Translate = ({ type }, context) => ({
  events: [],
  context: type === 'room.opened' ? { ...context, isSpoken: true } : context,
});

const unknown: Translate = ({ type, data }, context) => {
  const draft: Draft = { type: TAKEN.has(type) ? `call.${type}` : type, data: carriedOver(data) };
  return { events: [draft], context };
};

/** How a type is translated. */
export function translationOf({ type }: Entry): Translate {
  return TABLE.get(type) ?? (HELD_BACK.test(type) ? heldBack : unknown);
}
