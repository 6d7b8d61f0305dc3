/** What tests of live rules do: a tenant with an agent, events of calls, rules, what has fired. */
import { Switchboard, type TestTenant, expectStatus } from './switchboard.js';
import { fresh } from './things.js';

export interface RulePlace extends TestTenant {
  readonly agent: string;
}

export interface Because {
  readonly condition: string;
  readonly event: string;
  readonly text?: string;
  readonly all?: readonly Because[];
}

export interface Fired {
  readonly rule: string;
  readonly name: string;
  readonly callId: string;
  readonly agent: string;
  readonly because: Because;
  readonly at: string;
}

export async function placeOf(board: Switchboard): Promise<RulePlace> {
  const agent = fresh('mara');
  const scopes = ['events:read', 'agents:read', 'rules:write'];
  return { ...(await board.createTenant({ agents: [agent], scopes })), agent };
}

/** Writes a rule, and answers with its id. */
export async function write(board: Switchboard, { token }: TestTenant, rule: object): Promise<string> {
  const body = { name: 'a rule', ...rule };
  return (await expectStatus(201, board.request<{ id: string }>('POST', '/v1/rules', { token, body }))).body.id;
}

/** Everything that rules have said in the tenant's log, in order. */
export async function firedOf(board: Switchboard, { token }: TestTenant): Promise<Fired[]> {
  const fired: Fired[] = [];
  for (let after = '0'; ;) {
    const path = `/v1/log?types=rule.fired&limit=1000&after=${after}`;
    const { body } = await expectStatus(200, board.request<{ events: { data: Fired }[]; next: string; live: boolean }>('GET', path, { token })); // prettier-ignore
    fired.push(...body.events.map(({ data }) => data));
    if (body.events.length === 0 || after === body.next) return fired;
    after = body.next;
  }
}

const inCall = (event: string, agent: string, callId: string, data: object = {}) => ({ event, agent, callId, ...data });

export const callerSays = (agent: string, callId: string, messageId: string, text: string) =>
  inCall('user.message', agent, callId, { messageId, text });
export const agentSays = (agent: string, callId: string, messageId: string, text: string) =>
  inCall('bot.speaking', agent, callId, { messageId, text });
export const toolFails = (agent: string, callId: string, name: string) =>
  inCall('tool.result', agent, callId, { id: fresh('tool'), name, error: 'it does not answer' });
export const handoff = (agent: string, callId: string, state: string) => inCall(`handoff.${state}`, agent, callId);
export const ended = (agent: string, callId: string, reason = 'hangup') =>
  inCall('call.ended', agent, callId, { reason, duration: 1 });
