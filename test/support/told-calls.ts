/**
 * Calls whose texts say which rules fire in them: each line is written down together with that. So what a rule must
 * have said is known without asking the code that evaluates rules.
 */
import type { Random } from './world/random.js';

const REFUND = { said: { by: 'caller', words: ['refund'] } };
const TIMEOUT = { ended: { reasons: ['timeout'] } };
const QUIET_SECONDS = 2;

export const TOLD_RULES = [
  { name: 'leaves', when: { said: { by: 'caller', words: ['refund', 'cancel my'] } }, once: 'call' },
  { name: 'money', when: { said: { by: 'anybody', words: ['refund'] } }, once: 'each' },
  { name: 'sorry', when: { said: { by: 'agent', pattern: '(?i)\\bsorry\\b' } }, once: 'each', agents: ['mara'] },
  { name: 'book', when: { toolFailed: { name: 'book' } }, once: 'each' },
  { name: 'timeout', when: TIMEOUT, once: 'call' },
  { name: 'quiet', when: { silence: { seconds: QUIET_SECONDS, by: 'agent' } }, once: 'each' },
  { name: 'lost', when: { all: [REFUND, TIMEOUT] }, once: 'call' },
] as const;
type RuleName = (typeof TOLD_RULES)[number]['name'];

const CALLER: readonly (readonly [string, ...RuleName[]])[] = [
  ['I want a refund', 'leaves', 'money'],
  ['Please cancel my order', 'leaves'],
  ['Last time they refunded it'],
  ['Good morning'],
];
const AGENT: readonly (readonly [string, ...RuleName[]])[] = [
  ['I am so sorry', 'sorry'],
  ['Sorry, there is no refund', 'sorry', 'money'],
  ['It is a sorrier tale than that'],
  ['One moment'],
];
const ONCE_A_CALL = new Set<RuleName>(TOLD_RULES.filter(({ once }) => once === 'call').map(({ name }) => name));

/** That a rule fires: the event that causes it, and the moment. */
export interface Told {
  readonly rule: string;
  readonly callId: string;
  /** Type and id of the event, as {@link causeOf} names it. */
  readonly cause: string;
  readonly at: string;
}

export function causeOf(type: string, data: Readonly<Record<string, unknown>>): string {
  const id = data['messageId'] ?? data['id'];
  return typeof id === 'string' ? `${type} ${id}` : type;
}

/**
 * One call. Each method returns events that go in together: no silence of the agent comes between them, unless it is
 * said so.
 */
export class ToldCall {
  private count = 0;
  private wantsRefund = false;
  private readonly once = new Set<RuleName>();

  constructor(
    private readonly told: Told[],
    private readonly random: Random,
    private readonly agent: string,
    readonly callId: string,
    private at: number,
  ) {}

  begin(): object[] {
    return [this.event('call.started', { from: '+34611111111', transport: 'phone' }, 0), ...this.agentSays()];
  }

  turn(): object[] {
    const [text, ...rules] = this.random.pick(CALLER);
    this.wantsRefund ||= text.includes('a refund');
    const line = this.line('user.message', text, rules, 5000);
    const tool = this.random.pick([undefined, undefined, 'book', 'find']);
    return [line, ...(tool === undefined ? [] : [this.toolFails(tool)]), ...this.agentSays()];
  }

  /** The last is not answered for longer than the agent may be silent, by the call's own time. */
  unanswered(): object[] {
    const line = this.line('user.message', 'Are you there?', [], 3000);
    this.tell('quiet', line, QUIET_SECONDS * 1000);
    this.at += 10_000;
    return [line];
  }

  end(): object[] {
    const reason = this.random.pick(['hangup', 'timeout']);
    const end = this.event('call.ended', { reason, duration: 9 }, 100);
    if (reason === 'timeout') for (const rule of ['timeout', ...(this.wantsRefund ? ['lost' as const] : [])] as const) this.tell(rule, end); // prettier-ignore
    return [end];
  }

  private agentSays(): object[] {
    const [text, ...rules] = this.random.pick(AGENT);
    const line = this.line('bot.speaking', text, this.agent === 'mara' ? rules : rules.filter((one) => one !== 'sorry'), 300); // prettier-ignore
    if (!this.random.chance(0.3)) return [line];
    return [line, this.event('message.confirmed', { messageId: line['messageId'], text }, 50)];
  }

  private toolFails(name: string): object {
    const result = this.event('tool.result', { id: this.id(), name, error: 'it does not answer' }, 300);
    if (name === 'book') this.tell('book', result);
    return result;
  }

  private line(type: string, text: string, rules: readonly RuleName[], afterMs: number) {
    const event = this.event(type, { messageId: this.id(), text }, afterMs);
    for (const rule of rules) this.tell(rule, event);
    return event;
  }

  private id(): string {
    return `${this.callId}-${(this.count += 1)}`;
  }

  private event(event: string, fields: Record<string, unknown>, afterMs: number) {
    this.at += afterMs;
    const { agent, callId } = this;
    return { event, agent, callId, at: new Date(this.at).toISOString(), ...fields } as Record<string, unknown> & {
      at: string;
      event: string;
    };
  }

  private tell(rule: RuleName, event: { at: string; event: string }, afterMs = 0): void {
    if (ONCE_A_CALL.has(rule) && this.once.has(rule)) return;
    this.once.add(rule);
    const at = new Date(Date.parse(event.at) + afterMs).toISOString();
    this.told.push({ rule, callId: this.callId, cause: causeOf(event.event, event), at });
  }
}

export class ToldCalls {
  /** What must fire, of all calls. */
  readonly told: Told[] = [];
  /** Events that were made. */
  count = 0;
  private calls = 0;
  private waiting: ToldCall | undefined;
  private readonly startMs = Date.now() - 2 * 3600_000;

  constructor(private readonly random: Random) {}

  /**
   * Batches of one round: calls that begin and end in one, one that lasts through all of them, one in which the agent
   * falls silent for ever, and one in which it speaks again in the next round. `silent`: the last two.
   */
  round(batches: number): { readonly batches: object[][]; readonly silent: string[] } {
    const [lasting, waiting, silent] = [this.call(), this.call(), this.call()];
    const last = this.waiting;
    this.waiting = waiting;
    const first = [waiting, silent].flatMap((call) => [...call.begin(), ...call.unanswered()]);
    const begun = [...first, ...(last?.turn() ?? []), ...(last?.unanswered() ?? []), ...lasting.begin()];
    const parts = Array.from({ length: batches }, (_, part) => {
      const isLast = part === batches - 1;
      const whole = this.whole(this.call());
      return [...(part === 0 ? begun : []), ...lasting.turn(), ...(isLast ? lasting.end() : []), ...whole];
    });
    this.count += parts.flat().length;
    return { batches: parts, silent: [waiting.callId, silent.callId] };
  }

  private whole(call: ToldCall): object[] {
    const events = call.begin();
    for (let turns = this.random.below(4); turns > 0; turns -= 1) events.push(...call.turn());
    if (this.random.chance(0.3)) events.push(...call.unanswered(), ...call.turn());
    return [...events, ...call.end()];
  }

  private call(): ToldCall {
    const number = (this.calls += 1);
    const agent = this.random.pick(['mara', 'lucia']);
    return new ToldCall(this.told, this.random, agent, `CA_${number}`, this.startMs + number * 100);
  }
}
