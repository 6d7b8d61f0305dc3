/** Security rules 30 and 31: what is one's own stays one's own: in caches, in cookies, in cursors, in numbers. */
import { type Operation, essenceOf, operationsOf } from '../support/operations.js';
import { type Answer, Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

let board: Switchboard;
let operations: Operation[];
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
  operations = await operationsOf(board);
});
afterAll(() => board.stop());

const SCOPES = ['events:read', 'agents:read', 'tokens:write'];

/** A tenant with two of everything, so that each of its lists has a second page. */
async function tenantWithTwo(): Promise<TestTenant> {
  const agents = [fresh('a-mara'), fresh('b-julia')];
  const tenant = await board.createTenant({ agents, scopes: SCOPES });
  await board.createToken(tenant.id);
  for (const agent of agents) await board.ingest(message(agent, fresh('call'), 1));
  return tenant;
}

it('an answer that depends on who asks is kept by no cache', async () => {
  const { token } = await board.createTenant({ scopes: SCOPES });
  const reads = operations.filter(
    ({ method, isStream, template }) =>
      method === 'GET' && !isStream && template.startsWith('/v1/') && template !== '/v1/event-types',
  );
  expect(reads.length).toBeGreaterThan(15);
  for (const operation of reads) {
    for (const by of [operation.isAdmin ? board.adminToken : token, undefined]) {
      const { headers } = await board.request('GET', operation.path(), by === undefined ? {} : { token: by });
      const vary = (headers.get('vary') ?? '').split(/, */);
      expect([operation.name, headers.get('cache-control')]).toEqual([operation.name, 'no-store']);
      expect([operation.name, vary]).toEqual([operation.name, expect.arrayContaining(['Authorization', 'Cookie'])]);
    }
  }
  const made = await board.request('POST', '/v1/tokens', { token, body: { name: 'x', scopes: ['events:read'] } });
  expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
});

describe('a session’s cookie', () => {
  const ask = (on: Switchboard, cookie: string) => on.request('GET', '/v1/me', { headers: { Cookie: cookie } });

  it('with https is one that no other subdomain can set, and is read by that name only', async () => {
    const secure = await board.beside({ PUBLIC_URL: 'https://switchboard.test' });
    const { token } = await board.createTenant();
    const signed = await secure.request('POST', '/v1/session', { token });
    const cookie = signed.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-switchboard_session=[\w.-]+; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
    const [pair = ''] = cookie.split(';');
    expect((await ask(secure, pair)).status).toBe(200);
    expect((await ask(secure, pair.replace('__Host-', ''))).status).toBe(401);
    await secure.stop();
  });

  it('counts for nothing beside another of its name', async () => {
    const [acme, globex] = [await board.createTenant(), await board.createTenant()];
    const sessions = [];
    for (const { token } of [acme, globex])
      sessions.push(
        (await board.request('POST', '/v1/session', { token })).headers.get('set-cookie')?.split(';')[0] ?? '',
      );
    expect((await ask(board, `other=1; ${sessions[0]}`)).body['tenant']).toBe(acme.id);
    expect((await ask(board, sessions.join('; '))).status).toBe(401);
    expect((await ask(board, `${sessions[0]}; ${sessions[0]}`)).status).toBe(401);
  });
});

describe('a cursor', () => {
  const lists = ['/v1/tokens', '/v1/agents', '/v1/calls', '/v1/audit'];
  const page = (path: string, token: string, cursor?: string): Promise<Answer<Record<string, unknown>>> =>
    board.request('GET', `${path}?limit=1${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`, {
      token,
    });

  it('goes on in its own list, and is refused in every other and for everybody else, as one that never was', async () => {
    const [acme, globex] = [await tenantWithTwo(), await tenantWithTwo()];
    const cursors = new Map<string, string>();
    for (const path of lists) {
      const first = await page(path, acme.token);
      cursors.set(path, String(first.body['next']));
      const second = await page(path, acme.token, String(first.body['next']));
      expect([path, second.status]).toEqual([path, 200]);
      expect(second.text).not.toBe(first.text);
      expect(Object.values(second.body)[0]).toHaveLength(1);
    }
    const never = Buffer.from('["tokens","nobody",["x","y"]]').toString('base64url');
    for (const path of lists) {
      const refused = await page(path, acme.token, never);
      expect([path, refused.status, refused.body['type']]).toEqual([path, 400, '/problems/validation']);
      for (const [origin, cursor] of cursors) {
        const answers = [await page(path, globex.token, cursor)];
        if (origin !== path) answers.push(await page(path, acme.token, cursor));
        for (const answer of answers)
          expect([path, origin, essenceOf(answer)]).toEqual([path, origin, essenceOf(refused)]);
      }
      for (const odd of [globex.tokenId, '1', 'x', '\u0000', 'e30', 'bnVsbA'])
        expect([path, odd, essenceOf(await page(path, acme.token, odd))]).toEqual([path, odd, essenceOf(refused)]);
    }
  });

  it('of an operator’s list of a tenant is that list’s alone', async () => {
    const [acme, globex] = [await tenantWithTwo(), await tenantWithTwo()];
    const path = (tenant: TestTenant) => `/v1/admin/tenants/${tenant.id}/tokens`;
    const first = await page(path(acme), board.adminToken);
    const next = String(first.body['next']);
    expect((await page(path(acme), board.adminToken, next)).status).toBe(200);
    expect((await page(path(globex), board.adminToken, next)).status).toBe(400);
    expect((await page('/v1/admin/tokens', board.adminToken, next)).status).toBe(400);
  });
});

it('what a tenant’s book shows counts nothing of other books', async () => {
  const { token } = await tenantWithTwo();
  const { body, text } = await board.request<{ audit: { id: string }[] }>('GET', '/v1/audit?limit=2', { token });
  expect(body.audit.length).toBe(2);
  for (const { id } of body.audit) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const cursor = Buffer.from(String((JSON.parse(text) as { next: string }).next), 'base64url').toString();
  expect(cursor).toContain(body.audit[1]?.id);
});
