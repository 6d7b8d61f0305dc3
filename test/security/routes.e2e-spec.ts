/**
 * Walks over every route of the OpenAPI document (security rules 1, 3, 5, 9, 19): a route that is added is walked, too,
 * and fails here until it holds them.
 */
import { SCOPES as ALL_SCOPES } from '../../src/auth/principal.js';
import { Contract } from '../support/contract.js';
import { type Operation, type Values, essenceOf, operationsOf } from '../support/operations.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

const SCOPES = ALL_SCOPES.filter((scope) => scope !== 'admin');
const OPEN = new Set([
  'GET /healthz',
  'GET /readyz',
  'GET /.well-known/jwks.json',
  'POST /v1/session/code',
  'POST /v1/session/link-requests',
  'GET /v1/event-types',
  'GET /asyncapi.json',
]);

let board: Switchboard;
let operations: Operation[];
let contract: Contract;
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
  operations = await operationsOf(board);
  contract = await Contract.watch(board);
});
afterAll(() => board.stop());

/** Which of a tenant's scopes open it; what reads events unless it says otherwise. */
function openers({ template, isAdmin }: Operation): readonly string[] {
  if (isAdmin || template === '/metrics') return [];
  if (template === '/v1/me' || template.startsWith('/v1/session')) return SCOPES;
  if (template === '/v1/ingest') return ['events:write'];
  if (template.startsWith('/v1/tokens')) return ['tokens:write'];
  if (template.endsWith('/recording')) return ['recordings:read'];
  if (template.endsWith('/verbs')) return ['calls:steer'];
  if (template.startsWith('/v1/rules')) return ['rules:write'];
  if (template.startsWith('/v1/webhooks')) return ['webhooks:write'];
  if (template === '/v1/agents') return ['agents:read'];
  if (template === '/v1/audit') return ['events:read', 'agents:read', 'tokens:write'];
  return ['events:read'];
}

const closed = () => operations.filter(({ name }) => !OPEN.has(name));

/** What one tenant has: the values that a route may be asked with. */
async function thingsOf(tenant: TestTenant, agent: string): Promise<Values> {
  const call = `CA-${agent}`;
  await board.ingest({ event: 'call.started', agent, callId: call }, message(agent, call, 1));
  return { tenant: tenant.id, tenants: tenant.id, agent, agents: agent, call, calls: call, id: tenant.tokenId };
}

const randomise = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value.replace(/[0-9a-f](?=[0-9a-f-]*$)/g, swap)]),
  );
const swap = (digit: string) => ((parseInt(digit, 16) + 1) % 16).toString(16);

describe('every route', () => {
  it('asks for a token, and for a scope that opens it', async () => {
    const { id } = await board.createTenant();
    const tokens = new Map<string, string>();
    for (const scope of SCOPES) tokens.set(scope, (await board.createToken(id, { scopes: [scope] })).token);
    const platform = await board.admin<{ token: string }>('POST', '/v1/admin/tokens', {
      name: 'x',
      scopes: ['events:write'],
    });
    expect(closed().length).toBeGreaterThan(40);
    for (const operation of closed()) {
      const { name, method, isAdmin } = operation;
      const ask = (token?: string) =>
        board.request(method, operation.path(), {
          ...(token === undefined ? {} : { token }),
          body: bodyFor(operation),
        });
      const without = await ask();
      expect([name, without.status, without.body['type']]).toEqual([name, 401, '/problems/token-missing']);
      for (const [scope, token] of tokens) {
        if (openers(operation).includes(scope)) {
          if (operation.isStream) continue;
          const { status, text } = await ask(token);
          // It may still refuse what was asked: a token that is wider than its minter.
          expect([name, scope, status === 401 || text.includes('This needs the scope')]).toEqual([name, scope, false]);
        } else {
          const refused = await ask(token);
          expect([name, scope, refused.status, refused.body['type']]).toEqual([
            name,
            scope,
            403,
            '/problems/insufficient-scope',
          ]);
        }
      }
      if (isAdmin) expect([name, (await ask(platform.body.token)).status]).toEqual([name, 403]);
    }
  });

  it('answers another tenant’s thing and one that never was alike', async () => {
    const scopes = [...SCOPES];
    // The first one's own things are older: a list that went on after another's would have something to show.
    const [mara, julia] = [fresh('a-mara'), fresh('a-julia')];
    const one = await board.createTenant({ agents: [mara, fresh('z-last')], scopes });
    const own = await thingsOf(one, mara);
    const other = await board.createTenant({ agents: [julia], scopes });
    const theirs = await thingsOf(other, julia);
    const never = randomise(theirs);
    let compared = 0;
    for (const { operation, ask } of questions(one.token)) {
      for (const place of ['path', 'query', 'body'] as const) {
        for (const name of placesOf(operation, place)) {
          const [real, random] = [await ask(place, name, theirs, own), await ask(place, name, never, own)];
          expect({ route: operation.name, place, name, ...essenceOf(real) }).toEqual({
            route: operation.name,
            place,
            name,
            ...essenceOf(random),
          });
          compared += 1;
          if (operation.isAdmin) expect(real.status).toBe(403);
          else if (name !== 'cursor' && name !== 'q')
            expect([operation.name, name, real.status]).toEqual([operation.name, name, 404]);
          expect(real.text).not.toMatch(new RegExp([other.id, ...Object.values(never)].join('|')));
        }
      }
    }
    expect(compared).toBeGreaterThan(40);
    // The walk asks rightly: with what is its own it is answered.
    for (const path of [
      `/v1/calls/${own['call']}`,
      `/v1/log?call=${own['call']}&agents=${mara}`,
      `/v1/calls?agents=${mara}`,
    ])
      expect([path, (await board.request('GET', path, { token: one.token })).status]).toEqual([path, 200]);
  });

  it('that streams answers alike to a narrowed stream token, also of what it was narrowed away from', async () => {
    const [mara, lucia, julia] = [fresh('mara'), fresh('lucia'), fresh('julia')];
    const one = await board.createTenant({ agents: [mara, lucia] });
    const own = await thingsOf(one, mara);
    const sibling = await thingsOf(one, lucia);
    const theirs = await thingsOf(await board.createTenant({ agents: [julia] }), julia);
    const narrowing = { agents: [mara], calls: [own['call']] };
    const { body } = await board.request<{ token: string }>('POST', '/v1/stream-tokens', {
      token: one.token,
      body: narrowing,
    });
    const strangers = [theirs, randomise(theirs), sibling];
    for (const operation of operations.filter((operation) => operation.isStream && !operation.isAdmin)) {
      const places = [...operation.pathNames, ...operation.queryNames.filter((name) => name === 'agents')];
      for (const name of places) {
        const answers = await Promise.all(
          strangers.map((values) => {
            const query: Values = operation.pathNames.includes(name) ? {} : { agents: values['agents'] ?? '' };
            return board.request('GET', operation.path(values, { ...query, token: body.token }));
          }),
        );
        const [first, ...rest] = answers.map(essenceOf);
        expect({ route: operation.name, answer: first }).toMatchObject({ answer: { status: 404 } });
        for (const answer of rest)
          expect({ route: operation.name, answer }).toEqual({ route: operation.name, answer: first });
      }
    }
  });

  it('refuses names that are odd, and takes no name for another that looks like it', async () => {
    const agent = fresh('Mara');
    const { token } = await board.createTenant({ agents: [agent], scopes: [...SCOPES] });
    const odd = [
      'a b',
      'a\tb',
      'a\nb',
      'a\u0000',
      'ma\u200bra',
      '\ufeffa',
      'a\u00ad',
      'a\u202eb',
      '\u2800',
      'a\u115f',
      'a\u034f',
      'x'.repeat(129),
    ];
    const other = [agent.toLowerCase(), agent.normalize('NFD') + '\u0301', `${agent}.`];
    let walked = 0;
    for (const operation of closed()) {
      const places = [
        ...operation.pathNames.filter((name) => name === 'agent').map((name) => ['path', name] as const),
        ...operation.queryNames.filter((name) => name === 'agents').map((name) => ['query', name] as const),
        ...operation.bodyNames.filter((name) => name === 'agents').map((name) => ['body', name] as const),
      ];
      for (const [place, name] of places) {
        const by = operation.isAdmin ? board.adminToken : token;
        const ask = (value: string) => request(operation, by, place, name, { [name]: value }, {});
        for (const value of odd) {
          const { status, body } = await ask(value);
          expect([operation.name, value, status, body['type']]).toEqual([
            operation.name,
            value,
            400,
            '/problems/validation',
          ]);
        }
        if (operation.isAdmin) continue;
        for (const value of other)
          expect([operation.name, value, (await ask(value)).status]).toEqual([operation.name, value, 404]);
        walked += 1;
      }
    }
    expect(walked).toBeGreaterThan(6);
  });

  it('refuses fields that it does not know, in the query and in the body', async () => {
    const { token } = await board.createTenant({ scopes: [...SCOPES] });
    for (const operation of closed()) {
      const by = operation.isAdmin || operation.template === '/metrics' ? board.adminToken : token;
      const { name, method } = operation;
      const inQuery = await board.request(method, operation.path({}, { surprise: '1' }), {
        token: by,
        body: bodyFor(operation),
      });
      expect([name, inQuery.status, inQuery.body['type']]).toEqual([name, 400, '/problems/validation']);
      const body = operation.body({}, []);
      if (body === undefined) continue;
      const inBody = await board.request(method, operation.path(), { token: by, body: { ...body, surprise: 1 } });
      expect([name, inBody.status, inBody.body['errors']]).toEqual([
        name,
        400,
        expect.arrayContaining([expect.objectContaining({ message: expect.stringContaining('surprise') })]),
      ]);
    }
  });

  it('bounds its pages and its body', async () => {
    const { token } = await board.createTenant({ scopes: [...SCOPES] });
    const large = 'x'.repeat(300 * 1024);
    let lists = 0;
    for (const operation of closed()) {
      const { name, method, isAdmin, queryNames, bodySchema } = operation;
      const by = isAdmin ? board.adminToken : token;
      if (queryNames.includes('limit')) {
        lists += 1;
        for (const limit of ['0', '1001', '1e9', '-1', '1.5', 'x', ''])
          expect([
            name,
            limit,
            (await board.request(method, operation.path({}, { limit }), { token: by })).status,
          ]).toEqual([name, limit, 400]);
      }
      if (bodySchema?.properties === undefined) continue;
      const answer = await board.request(method, operation.path(), { token: by, body: { large } });
      expect([name, answer.status, answer.body['type']]).toEqual([name, 413, '/problems/payload-too-large']);
    }
    expect(lists).toBeGreaterThan(7);
  });

  it('answers what /openapi.json says, whatever it was asked', () => {
    expect([...contract.faults]).toEqual([]);
  });
});

/** A body where one is asked for: ingest takes events. */
function bodyFor(operation: Operation): unknown {
  if (operation.template === '/v1/ingest') return { event: 'x', agent: 'nobody-knows' };
  return operation.body();
}

type Place = 'path' | 'query' | 'body';

function request(operation: Operation, token: string, place: Place, name: string, asked: Values, own: Values) {
  const query = place === 'query' ? { [name]: asked[name] ?? '' } : {};
  const body = place === 'body' ? operation.body({ ...own, ...asked }, [name]) : bodyFor(operation);
  const path = operation.path(place === 'path' ? { ...own, ...asked } : own, query);
  return board.request(operation.method, path, { token, body });
}

function placesOf(operation: Operation, place: Place): readonly string[] {
  if (place === 'path') return operation.pathNames;
  const names = ['tenant', 'tenants', 'agents', 'call', 'calls', 'tokenId'];
  // A page's cursor is a token's id, or an agent's name.
  if (place === 'query')
    return operation.queryNames.filter(
      (name) => names.includes(name) || (name === 'cursor' && !/calls|audit/.test(operation.template)),
    );
  const isOwners = operation.template.endsWith('/owner');
  return operation.bodyNames.filter((name) => (name === 'from' && isOwners) || names.includes(name));
}

function questions(token: string) {
  return closed().map((operation) => ({
    operation,
    ask: (place: Place, name: string, values: Values, own: Values) => {
      const cursor = operation.template.includes('tokens') ? values['id'] : values['agent'];
      const asked = { ...values, from: values['tenant'] ?? '', tokenId: values['id'] ?? '', cursor: cursor ?? '' };
      return request(operation, token, place, name, asked, own);
    },
  }));
}
