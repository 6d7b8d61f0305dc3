/** Every control message of the bus, lost on its way to another process: what it would have done comes all the same. */
import { Bus, type BusMessage } from '../../src/bus/bus.js';
import { query } from '../support/database.js';
import type { StreamReader } from '../support/stream-reader.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

type Send = { send(message: BusMessage): void };

let one: Switchboard;
let two: Switchboard;
const lost: string[] = [];
beforeAll(async () => {
  one = await Switchboard.start();
  two = await one.beside();
  for (const board of [one, two]) await waitFor(() => board.app.get(Bus).connected, 'the bus');
  // From here on nothing but the log's growth gets from one to the other.
  const bus = one.app.get<Bus, Send>(Bus);
  const send = bus.send.bind(bus);
  bus.send = (word) => (word.kind === 'appended' ? send(word) : void lost.push(word.kind));
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

interface Scene {
  readonly tenant: TestTenant;
  readonly agent: string;
  readonly call: string;
  readonly reader: StreamReader;
}

async function sceneAt(path: (call: string) => string = () => '/v1/events'): Promise<Scene> {
  const [agent, call] = [fresh('mara'), fresh('call')];
  const tenant = await one.createTenant({ agents: [agent], scopes: ['events:read', 'agents:read'] });
  await one.ingest(message(agent, call, 1));
  const reader = await two.open(path(call), { token: tenant.token });
  await reader.untilType('log.caught_up');
  return { tenant, agent, call, reader };
}

const closesWith =
  (type: string) =>
  async ({ reader }: Scene) =>
    expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: `/problems/${type}` });

it.each<[kind: BusMessage['kind'], act: (scene: Scene) => Promise<unknown>, comes: (scene: Scene) => Promise<unknown>]>(
  [
    [
      'token-revoked',
      ({ tenant }) => one.admin('DELETE', `/v1/admin/tokens/${tenant.tokenId}`),
      closesWith('token-revoked'),
    ],
    [
      'token-changed',
      ({ tenant }) => one.admin('PATCH', `/v1/admin/tokens/${tenant.tokenId}`, { scopes: ['agents:read'] }),
      closesWith('insufficient-scope'),
    ],
    [
      'tenant-changed',
      ({ tenant }) => one.admin('PATCH', `/v1/admin/tenants/${tenant.id}`, { status: 'suspended' }),
      closesWith('tenant-suspended'),
    ],
    [
      'tenant-changed',
      ({ tenant }) => one.admin('DELETE', `/v1/admin/tenants/${tenant.id}`),
      closesWith('token-revoked'),
    ],
    [
      'owner-changed',
      ({ tenant, agent }) => one.admin('DELETE', `/v1/admin/agents/${agent}/owner`, { from: tenant.id }),
      async ({ reader, agent }) =>
        expect((await reader.untilType('agents.changed')).data).toEqual({ agents: [], added: [], removed: [agent] }),
    ],
    [
      'keys-changed',
      () => one.admin('POST', '/v1/admin/signing-keys'),
      () => {
        const kids = async (board: Switchboard) =>
          (await board.request<{ keys: { kid: string }[] }>('GET', '/.well-known/jwks.json')).body.keys.map(
            ({ kid }) => kid,
          );
        return waitFor(async () => (await kids(two)).join() === (await kids(one)).join(), 'the new key');
      },
    ],
  ],
)('%s', async (kind, act, comes) => {
  const scene = await sceneAt();
  const before = lost.length;
  expect(((await act(scene)) as { status: number }).status).toBeLessThan(300);
  expect(lost.slice(before)).toContain(kind);
  await comes(scene);
});

it('call-erased: who reads that call alone is sent away', async () => {
  const scene = await sceneAt((call) => `/v1/calls/${call}/events`);
  expect((await one.admin('DELETE', `/v1/admin/calls/${scene.call}`)).status).toBe(204);
  expect(lost).toContain('call-erased');
  await closesWith('call-not-found')(scene);
});

it('connection-closed: is said again until it is heard, and refused when it is not', async () => {
  const { reader, tenant } = await sceneAt();
  const bus = two.app.get<Bus, { heard: { next(word: BusMessage): void } }>(Bus);
  const listed = async () => {
    const { body } = await two.admin<{ connections: { id: string; tenant: string }[] }>('GET', '/v1/admin/connections');
    return body.connections.find((connection) => connection.tenant === tenant.id)?.id;
  };
  const id = await waitFor(listed, 'the connection');
  const next = bus.heard.next.bind(bus.heard);
  let deaf = Infinity;
  bus.heard.next = (word) => (word.kind === 'connection-closed' && deaf-- > 0 ? undefined : next(word));
  expect((await two.admin('DELETE', `/v1/admin/connections/${id}`)).status).toBe(503);
  deaf = 2;
  expect((await two.admin('DELETE', `/v1/admin/connections/${id}`)).status).toBe(204);
  await reader.untilType('stream.closing');
});

it('what a tenant owns is not named where it is too much, and the streams are told that it changed', async () => {
  const { tenant, agent, reader } = await sceneAt();
  const many = Array.from({ length: 1000 }, (_, n) => `${agent}-${n}`);
  const change = `WITH gone AS (UPDATE agents SET tenant_id = NULL WHERE name = $3)
    INSERT INTO agents (name, tenant_id) SELECT unnest($2::text[]), $1`;
  await query(one.databaseUrl, change, [tenant.id, many, agent]);
  const { data } = await reader.untilType('agents.changed');
  expect([(data['agents'] as string[]).length, (data['added'] as string[]).length, data['removed']]).toEqual([
    1000,
    1000,
    [agent],
  ]);
  await two.assign(agent, tenant.id);
  const tooMany = { agents: null, agentCount: 1001, added: null, removed: null };
  expect((await reader.untilType('agents.changed', 2)).data).toEqual(tooMany);
  const late = await two.open(`/v1/events`, { token: tenant.token });
  expect((await late.untilType('connected')).data).toMatchObject({ agents: null, agentCount: 1001 });
  const narrow = await two.open(`/v1/events?agents=${agent}`, { token: tenant.token });
  expect((await narrow.untilType('connected')).data).toMatchObject({ agents: [agent] });
  await two.admin('DELETE', `/v1/admin/agents/${agent}/owner`, { from: tenant.id });
  expect((await narrow.untilType('agents.changed')).data).toEqual({ agents: [], added: [], removed: [agent] });
  const me = await two.request('GET', '/v1/me', { token: tenant.token });
  expect(me.body['agents']).toHaveLength(1000);
});
