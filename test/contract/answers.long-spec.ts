/**
 * What the running server answers is what `/openapi.json` says: every operation, when it goes well and when it does
 * not.
 */
import { Contract } from '../support/contract.js';
import { beginCall, endCall } from '../support/pinecall2-desk.js';
import { GATEWAY_KEY, Gateway } from '../support/pinecall2-gateway.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const SCOPES = ['events:read', 'agents:read', 'tokens:write', 'events:write'];
/** Never answered whole by `request`: their answers have no end. */
const isStream = (name: string) => /\/events(\/\{\w+\})?$/.test(name);

let board: Switchboard;
let contract: Contract;
let gateway: Gateway;
let tenant: TestTenant;
const agent = fresh('mara');
const call = fresh('CA');
beforeAll(async () => {
  gateway = await Gateway.start();
  const upstream = { SOURCES: gateway.source, PINECALL_API_KEY: GATEWAY_KEY };
  const allowed = { LIMIT_REQUESTS_PER_SECOND: '100000', WEBHOOKS_ALLOW: '127.0.0.0/8' };
  board = await Switchboard.start({ ...allowed, ...upstream });
  tenant = await board.createTenant({ agents: [agent], scopes: SCOPES });
  await board.ingest(
    { event: 'call.ringing', agent, callId: call, from: '+34611111111' },
    { event: 'call.started', agent, callId: call, from: '+34611111111', transport: 'phone' },
    message(agent, call, 1),
    { event: 'llm.toolCall', agent, callId: call, toolCalls: [{ id: 't1', name: 'look', arguments: '{"a":1}' }] },
    { event: 'tool.result', agent, callId: call, id: 't1', name: 'look', result: { b: [1] }, ms: 12 },
    { event: 'handoff.requested', agent, callId: call, by: 'somebody' },
  );
  contract = await Contract.watch(board);
});
afterAll(async () => {
  await board.stop();
  await gateway.stop();
});

const own = (method: string, path: string, body?: unknown) =>
  board.request<Record<string, never>>(method, path, { token: tenant.token, ...(body === undefined ? {} : { body }) });
const admin = (method: string, path: string, body?: unknown) => board.admin<Record<string, never>>(method, path, body);

it('what a tenant reads', async () => {
  await own('GET', '/v1/me');
  await own('GET', '/v1/agents');
  for (const query of ['', '?q=text', `?agents=${agent}&state=live`]) await own('GET', `/v1/calls${query}`);
  await own('GET', `/v1/calls/${call}`);
  await own('GET', '/v1/log');
  await own('GET', '/v1/stats');
  await own('GET', '/v1/audit');
  await own('GET', '/v1/calls/none');
  await own('GET', '/v1/calls?limit=0');
});

it('what a tenant makes', async () => {
  const { body } = await own('POST', '/v1/tokens', { name: 'x', scopes: ['events:read'] });
  await own('GET', '/v1/tokens');
  await own('POST', `/v1/tokens/${body['id']}/roll`);
  await own('POST', '/v1/tokens/none/roll');
  await own('DELETE', `/v1/tokens/${body['id']}`);
  await own('DELETE', '/v1/tokens/none');
  await own('POST', '/v1/stream-tokens', { agents: [agent] });
  await own('POST', '/v1/stream-tokens', { agents: ['another'] });
  await own('POST', '/v1/session');
  await own('DELETE', '/v1/session');
  await own('POST', '/v1/ingest', [message(agent, call, 2), message('another', call, 3), { event: 'error', agent }]);
  await own('POST', '/v1/ingest', [{ event: 'error', agent }]);
});

it('what anybody reads', async () => {
  for (const path of ['/healthz', '/readyz', '/.well-known/jwks.json', '/v1/event-types', '/asyncapi.json'])
    await board.request('GET', path);
  await board.request('POST', '/v1/session/code', { body: { code: 'none' } });
  const link = await admin('POST', `/v1/admin/tenants/${tenant.id}/sign-in-links`, {});
  const code = new URL(String(link.body['url'])).hash.replace('#code=', '');
  const signedIn = await board.request('POST', '/v1/session/code', { body: { code } });
  const [Cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split('; ');
  await board.request('POST', '/v1/session/token', { headers: { Cookie, 'Sec-Fetch-Site': 'same-origin' } });
});

it('people of a tenant', async () => {
  const path = `/v1/admin/tenants/${tenant.id}`;
  const link = await admin('POST', `${path}/sign-in-links`, { for: 'Ana', email: 'ana@acme.example' });
  const code = new URL(String(link.body['url'])).hash.replace('#code=', '');
  const { headers } = await board.request('POST', '/v1/session/code', { body: { code } });
  const [Cookie = ''] = (headers.get('set-cookie') ?? '').split('; ');
  await board.request('GET', '/v1/me', { headers: { Cookie } });
  const { body } = await admin('GET', `${path}/people`);
  const [person] = body['people'] as unknown as { id: string }[];
  await admin('PATCH', `${path}/people/${person?.id}`, { name: 'Ana P.' });
  await admin('PATCH', `${path}/people/none`, { name: 'Ana P.' });
  const own = { Cookie, 'Sec-Fetch-Site': 'same-origin' };
  await board.request('POST', '/v1/session/link-requests', { headers: own, body: {} });
  await board.request('POST', '/v1/session/link-requests', { headers: own, body: {} });
  const request = await waitFor(async () => {
    const { body: list } = await admin('GET', `${path}/link-requests`);
    return (list['requests'] as unknown as { id: string }[])[0];
  });
  await admin('GET', '/v1/admin/attention');
  await admin('DELETE', `${path}/link-requests/${request.id}`);
  await admin('DELETE', `${path}/link-requests/${request.id}`);
  await admin('DELETE', `${path}/people/${person?.id}/sessions`);
  await admin('DELETE', `${path}/people/${person?.id}`);
});

it('rules and webhooks, of a tenant and by an operator', async () => {
  const { token } = await board.createToken(tenant.id, { scopes: ['rules:write', 'webhooks:write', 'events:read'] });
  const asTenant = (method: string, path: string, body?: unknown) =>
    board.request<Record<string, string>>(method, path, { token, ...(body === undefined ? {} : { body }) });
  const rule = { name: 'asks for a person', when: { handoff: 'requested' } };
  const span = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
  await asTenant('GET', '/v1/rules/templates');
  for (const [ask, base] of [
    [asTenant, '/v1'],
    [admin, `/v1/admin/tenants/${tenant.id}`],
  ] as const) {
    const { body: made } = await ask('POST', `${base}/rules`, rule);
    await ask('GET', `${base}/rules`);
    await ask('POST', `${base}/rules/backtest`, { rule, ...span });
    const own = `${base}/rules/${made['id']}`;
    await ask('GET', own);
    await ask('PATCH', own, { enabled: false });
    await ask('POST', `${own}/backtest`, span);
    await ask('DELETE', own);
    const { body: hook } = await ask('POST', `${base}/webhooks`, { url: 'http://127.0.0.1:9/hook' });
    await ask('GET', `${base}/webhooks`);
    const one = `${base}/webhooks/${hook['id']}`;
    for (const path of ['', '/attempts']) await ask('GET', `${one}${path}`);
    await ask('PATCH', one, { status: 'paused' });
    await ask('POST', `${one}/secret`);
    await ask('POST', `${one}/test`, {});
    await ask('POST', `${one}/redeliver`, { event: '1' });
    await ask('POST', `${one}/recover`, { after: '0' });
    await ask('DELETE', one);
  }
});

it('what is asked of a call’s source', async () => {
  const { token } = await board.createToken(tenant.id, { scopes: ['events:read', 'recordings:read', 'calls:steer'] });
  const ask = (method: string, path: string, body?: unknown) =>
    board.request(method, `/v1/calls/${path}`, { token, ...(body === undefined ? {} : { body }) });
  await waitFor(() => gateway.floors.size === 1);
  const log = beginCall(gateway, fresh('call'), agent);
  await waitFor(async () => (await ask('GET', log.call)).text.includes('late ferry'));
  await ask('GET', `${log.call}/verbs`);
  await ask('POST', `${log.call}/verbs`, { verb: 'takeover', by: 'Ana' });
  await ask('POST', `${call}/verbs`, { verb: 'takeover' });
  await ask('POST', 'none/verbs', { verb: 'takeover' });
  endCall(gateway, log, Buffer.from('OggS'));
  await waitFor(async () => (await ask('GET', log.call)).text.includes('"recording":true'));
  await ask('GET', `${log.call}/recording`);
  await ask('GET', 'none/recording');
  await admin('GET', `/v1/admin/calls/${log.call}/recording`);
});

it('what an operator reads', async () => {
  await admin('GET', '/metrics');
  for (const path of ['tenants', 'tokens', 'agents', 'connections', 'erasures', 'audit', 'calls', 'signing-keys'])
    await admin('GET', `/v1/admin/${path}`);
  const reader = await board.open('/v1/events', { token: tenant.token });
  await reader.untilType('connected');
  await admin('GET', '/v1/admin/connections');
  await own('GET', '/v1/tokens/streams');
  for (const path of ['tokens', `tenants/${tenant.id}/tokens`]) await admin('GET', `/v1/admin/${path}/streams`);
  await admin('GET', `/v1/admin/tenants/${tenant.id}`);
  await admin('GET', `/v1/admin/tenants/${tenant.id}/tokens`);
  await admin('GET', '/v1/admin/tenants/none');
  await admin('GET', `/v1/admin/agents/${agent}/owners`);
  await admin('GET', `/v1/admin/calls?tenants=${tenant.id}&q=text`);
  await admin('GET', `/v1/admin/calls/${call}`);
  for (const event of ['1', '99999'])
    await admin('GET', `/v1/admin/explain?tenant=${tenant.id}&event=${event}&tokenId=${tenant.tokenId}`);
  const { body } = await board.admin<{ connections: { id: string }[] }>('GET', '/v1/admin/connections');
  await admin('DELETE', `/v1/admin/connections/${body.connections[0]?.id}`);
  await admin('DELETE', '/v1/admin/connections/none');
});

it('what an operator does', async () => {
  const other = fresh('globex');
  for (const path of ['attention', `activity?tenants=${tenant.id}`, 'limits']) await admin('GET', `/v1/admin/${path}`);
  const limits = { streams: 5, retentionDays: 3 };
  await admin('POST', '/v1/admin/tenants', { tenant: other, name: 'Globex', limits });
  await admin('POST', '/v1/admin/tenants', { tenant: other });
  await admin('PATCH', `/v1/admin/tenants/${other}`, { name: 'Globex Inc' });
  for (const dryRun of ['true', 'false'])
    await admin('PUT', `/v1/admin/agents/${agent}/owner?dryRun=${dryRun}`, { tenant: other, from: tenant.id });
  await admin('PUT', `/v1/admin/agents/${agent}/owner`, { tenant: other, from: null });
  await admin('DELETE', `/v1/admin/agents/${agent}/owner`, { from: other });
  await admin('GET', `/v1/admin/agents?unassigned=true`);
  for (const dryRun of ['true', 'false'])
    await admin('PUT', `/v1/admin/tenants/${other}/agents?dryRun=${dryRun}`, { agents: [agent] });
  const made = await admin('POST', `/v1/admin/tenants/${other}/tokens`, {
    name: 'x',
    scopes: ['events:read', 'agents:read'],
  });
  await admin('PATCH', `/v1/admin/tokens/${made.body['id']}`, { scopes: ['events:read'] });
  await admin('POST', `/v1/admin/tokens/${made.body['id']}/roll`, { overlap: '1h' });
  await admin('DELETE', `/v1/admin/tokens/${made.body['id']}`);
  await admin('POST', '/v1/admin/tokens', { name: 'x', scopes: ['events:write'] });
  await admin('POST', '/v1/admin/sign-in-links', {});
  await admin('POST', `/v1/admin/tenants/${other}/views`, {});
  await admin('POST', `/v1/admin/tenants/${other}/stream-tokens`, {});
  await admin('POST', '/v1/admin/signing-keys');
  await admin('POST', '/v1/admin/calls/rebuild');
  await admin('DELETE', `/v1/admin/calls/${call}`);
  await admin('DELETE', `/v1/admin/calls/${call}`);
  await admin('DELETE', `/v1/admin/tenants/${other}`);
  await admin('GET', '/v1/admin/audit');
});

it('every operation was asked for and answered; add a new one to this walk', () => {
  const left = contract.names.filter((name) => !contract.succeeded.has(name) && !isStream(name));
  expect(left).toEqual([]);
  expect([...contract.faults]).toEqual([]);
});
