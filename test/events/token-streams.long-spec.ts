/** Which of an owner's tokens read now, counted over all processes. */
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const MANAGER = ['events:read', 'agents:read', 'tokens:write'];

interface Counted {
  readonly tokens: { readonly id: string; readonly streams: number }[];
  readonly next: null;
}

let one: Switchboard;
let two: Switchboard;
beforeAll(async () => {
  one = await Switchboard.start();
  two = await one.beside();
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const streamToken = async (token: string) => {
  const { body } = await expectStatus(201, one.request<{ token: string }>('POST', '/v1/stream-tokens', { token }));
  return body.token;
};

/** Waits until the answer, as a map, is this one: a count may be a second old. */
const expectCounts = async (read: () => Promise<Counted>, expected: Record<string, number>) => {
  const wanted = JSON.stringify(Object.entries(expected).sort());
  const seen = async () => (await read()).tokens.map(({ id, streams }) => [id, streams] as const).sort();
  await waitFor(async () => JSON.stringify(await seen()) === wanted, `the counts ${wanted}`);
};

/** A person signed in by a link: the cookie, and the id of the tab's token. */
async function signedIn(path: string) {
  const link = await one.admin<{ url: string }>('POST', path, {});
  const code = new URL(link.body.url).hash.replace('#code=', '');
  const answer = await one.request<{ token: string }>('POST', '/v1/session/code', { body: { code } });
  const [Cookie = ''] = (answer.headers.get('set-cookie') ?? '').split('; ');
  const claims = Buffer.from(answer.body.token.split('.')[1] ?? '', 'base64url').toString();
  return { Cookie, tabId: (JSON.parse(claims) as { jti: string }).jti };
}

it('counts streams by a token, by its stream tokens and by its sessions, in all processes', async () => {
  const { id, token, tokenId } = await one.createTenant({ agents: [fresh('mara')], scopes: MANAGER });
  const program = await one.createToken(id);
  await one.createToken(id);
  const own = async () => (await two.request<Counted>('GET', '/v1/tokens/streams', { token })).body;
  const asOperator = async () => (await one.admin<Counted>('GET', `/v1/admin/tenants/${id}/tokens/streams`)).body;
  expect(await own()).toEqual({ tokens: [], next: null });

  const direct = await one.open('/v1/events', { token: program.token });
  await two.open('/v1/events', { token: program.token });
  await two.open(`/v1/events?token=${await streamToken(program.token)}`);
  const session = await one.request('POST', '/v1/session', { token });
  const [Cookie = ''] = (session.headers.get('set-cookie') ?? '').split('; ');
  await one.open('/v1/events', { headers: { Cookie } });
  const person = await signedIn(`/v1/admin/tenants/${id}/sign-in-links`);
  await two.open('/v1/events', { headers: { Cookie: person.Cookie } });

  const counts = { [program.tokenId]: 3, [tokenId]: 1, [person.tabId]: 1 };
  await expectCounts(own, counts);
  await expectCounts(asOperator, counts);
  expect((await own()).tokens[0]).toEqual({ id: program.tokenId, streams: 3 });
  direct.close();
  await expectCounts(own, { ...counts, [program.tokenId]: 2 });
});

it('names no other tenant’s token, and no operator who looks', async () => {
  const acme = await one.createTenant({ scopes: MANAGER });
  const globex = await one.createTenant({ scopes: MANAGER });
  await one.open('/v1/events', { token: globex.token });
  const view = await one.admin<{ token: string }>('POST', `/v1/admin/tenants/${acme.id}/stream-tokens`, {});
  await one.open(`/v1/events?token=${view.body.token}`);
  await one.open('/v1/admin/events', { token: one.adminToken });
  const by = (token: string) => async () => (await two.request<Counted>('GET', '/v1/tokens/streams', { token })).body;
  await expectCounts(by(globex.token), { [globex.tokenId]: 1 });
  await expectCounts(by(acme.token), {});
  const platform = async () => (await one.admin<Counted>('GET', '/v1/admin/tokens/streams')).body;
  await waitFor(async () => (await platform()).tokens.length === 1, 'the operator’s own stream');
  expect((await platform()).tokens[0]?.streams).toBe(1);
});

it('needs the right to manage tokens', async () => {
  const { token } = await one.createTenant();
  await expectStatus(403, one.request('GET', '/v1/tokens/streams', { token }));
});
