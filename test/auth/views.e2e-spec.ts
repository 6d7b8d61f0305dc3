/** An operator looks at what a tenant sees. */
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

interface SignedIn {
  readonly tenant: string | null;
  readonly scopes: string[];
  readonly expiresAt: string;
  readonly token: string;
}

interface Person extends SignedIn {
  /** What the browser sends from now on. */
  readonly Cookie: string;
}

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const HOUR_MS = 3600_000;
const linksOf = (tenant: string | null) => `/v1/admin/${tenant === null ? '' : `tenants/${tenant}/`}sign-in-links`;
const fromNow = (iso: string) => new Date(iso).getTime() - Date.now();
const codeOf = (url: string) => url.slice(url.indexOf('#code=') + 6);

async function linkFor(tenant: string | null, body?: object, token = board.adminToken): Promise<string> {
  const made = board.request<{ url: string }>('POST', linksOf(tenant), { token, body });
  return codeOf((await expectStatus(201, made)).body.url);
}

const use = (code: unknown, headers: Record<string, string> = {}, at = board) =>
  at.request<SignedIn>('POST', '/v1/session/code', { body: { code }, headers });

async function signIn(tenant: string | null, body?: object, token?: string): Promise<Person> {
  const answer = await expectStatus(201, use(await linkFor(tenant, body, token)));
  const [Cookie = ''] = (answer.headers.get('set-cookie') ?? '').split('; ');
  return { ...answer.body, Cookie };
}

async function adminToken(ttl = '1d'): Promise<{ id: string; token: string }> {
  const body = { name: 'of a person', scopes: ['admin'], ttl };
  return (await expectStatus(201, board.admin<{ id: string; token: string }>('POST', '/v1/admin/tokens', body))).body;
}

describe('a view', () => {
  const viewOf = (tenant: string, body?: object, token = board.adminToken) =>
    board.request<{ token: string; expiresAt: string }>('POST', `/v1/admin/tenants/${tenant}/views`, { token, body });

  it('reads what the tenant reads, and nothing of another', async () => {
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    const acme = await board.createTenant({ agents: [mara] });
    await board.createTenant({ agents: [julia] });
    await board.ingest(message(mara, fresh('c'), 1), message(julia, fresh('c'), 1));
    const { body, status } = await viewOf(acme.id);
    expect(status).toBe(201);
    const { token } = body;
    for (const path of ['/v1/agents', '/v1/log', '/v1/audit'])
      expect((await board.request('GET', path, { token })).body).toEqual(
        (await board.request('GET', path, { token: acme.token })).body,
      );
    expect((await board.request('GET', '/v1/me', { token })).body).toMatchObject({ tenant: acme.id, view: true });
    const minted = await expectStatus(201, board.request<{ token: string }>('POST', '/v1/stream-tokens', { token }));
    const streams = [await board.open('/events', { token }), await board.open(`/events?token=${minted.body.token}`)];
    for (const stream of streams) await stream.untilType('log.caught_up');
    await board.ingest(message(julia, fresh('c'), 2), message(mara, fresh('c'), 3));
    for (const stream of streams) {
      await stream.untilType('user.message');
      expect(stream.events.map(({ data }) => data['agent'])).toEqual([mara]);
    }
    const { body: open } = await board.admin<{ connections: { tenant: string; view: boolean }[] }>(
      'GET',
      '/v1/admin/connections',
    );
    expect(open.connections.filter(({ tenant }) => tenant === acme.id).map(({ view }) => view)).toEqual([true, true]);
  });

  it('never writes, starts no session and opens no other view, on any path of the OpenAPI document', async () => {
    const { id } = await board.createTenant();
    const { token } = (await viewOf(id)).body;
    const { body } = await board.request<{ paths: Record<string, Record<string, object>> }>('GET', '/openapi.json');
    const open = ['/v1/stream-tokens', '/v1/session/code'];
    let writes = 0;
    for (const [template, methods] of Object.entries(body.paths)) {
      for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
        if (method === 'GET' || open.includes(template)) continue;
        writes += 1;
        const { status, body } = await board.request(method, template.replace(/\{\w+\}/g, 'x'), { token });
        expect([method, template, status, body['type']]).toEqual([
          method,
          template,
          403,
          '/problems/insufficient-scope',
        ]);
      }
    }
    expect(writes).toBeGreaterThan(15);
    expect((await board.request('GET', '/v1/admin/tenants', { token })).status).toBe(403);
  });

  it('is no token of the tenant’s, and is in both books', async () => {
    const owner = await board.createTenant({ scopes: ['tokens:write', 'events:read'] });
    await viewOf(owner.id);
    const own = await board.request<{ tokens: { name: string }[] }>('GET', '/v1/tokens', { token: owner.token });
    expect(own.body.tokens.map(({ name }) => name)).toEqual(['test']);
    const book = await board.request<{ audit: { action: string; by: string; after: { tokenId: string } }[] }>(
      'GET',
      '/v1/audit?limit=1',
      { token: owner.token },
    );
    expect(book.body.audit).toMatchObject([{ action: 'tenant.view', by: 'operator', target: owner.id }]);
    const viewId = book.body.audit[0]?.after.tokenId ?? '';
    expect((await board.request('DELETE', `/v1/tokens/${viewId}`, { token: owner.token })).status).toBe(404);
    const operators = await board.admin<{ audit: object[] }>('GET', `/v1/admin/audit?tenant=${owner.id}&limit=1`);
    expect(operators.body.audit).toMatchObject([{ action: 'tenant.view', after: { tokenId: viewId } }]);
  });

  it('lives an hour at most, and ends with the admin’s own token, its streams within a second', async () => {
    const { id } = await board.createTenant();
    const admin = await adminToken();
    expect((await viewOf(id, { ttl: '2h' })).status).toBe(400);
    expect((await viewOf(fresh('nobody'))).body).toMatchObject({ type: '/problems/tenant-not-found' });
    const operator = await signIn(null, {}, admin.token);
    const { token, expiresAt } = (await viewOf(id, { ttl: '1h' }, operator.token)).body;
    expect(fromNow(expiresAt)).toBeLessThanOrEqual(HOUR_MS);
    const minted = await expectStatus(201, board.request<{ token: string }>('POST', '/v1/stream-tokens', { token }));
    const stream = await board.open(`/events?token=${minted.body.token}`);
    await stream.untilType('log.caught_up');
    await board.admin('DELETE', `/v1/admin/tokens/${admin.id}`);
    await stream.until(({ ended }) => ended, 'its end', 1000);
    expect((await board.request('GET', '/v1/me', { token })).body['type']).toBe('/problems/token-revoked');
  });
});
