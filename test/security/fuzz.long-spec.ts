/**
 * Security rule 28: every parameter of every route of the OpenAPI document with what no client means to send is refused
 * or understood, never a fault of ours; and a body that is not understood makes nothing.
 */
import { type Operation, type Values, operationsOf } from '../support/operations.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

/** As they stand in a URL: NUL, half of a character, a broken escape, long, another shape. */
const URL_VALUES = [
  '%00',
  'a%00b',
  '%ED%A0%80',
  '%E0%A4',
  'x'.repeat(10_000),
  '%F0%9F%98%80',
  '-1',
  '1e400',
  '',
  '%2e%2e%2f',
];
const JSON_VALUES = [
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00x"',
  `"${'x'.repeat(10_000)}"`,
  '""',
  '0',
  '-1',
  '1e400',
  '12345678901234567890',
  'true',
  'null',
  '[]',
  '[null]',
  '["\\u0000"]',
  '["\\ud800"]',
  '{}',
  '{"a":{"__proto__":{"x":1}}}',
  '[[[[[]]]]]',
];
const HEADER_VALUES = ['\u00ff\u00fe', 'x'.repeat(10_000), '%00'];

let board: Switchboard;
let operations: Operation[];
let token: string;
let things: Values;
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
  operations = await operationsOf(board);
  const agent = fresh('mara');
  const call = fresh('call');
  const scopes = [
    'events:read',
    'agents:read',
    'tokens:write',
    'events:write',
    'webhooks:write',
    'rules:write',
    'recordings:read',
    'calls:steer',
  ];
  const tenant = await board.createTenant({ agents: [agent], scopes });
  token = tenant.token;
  await board.ingest({ event: 'call.started', agent, callId: call }, message(agent, call, 1));
  things = { tenant: tenant.id, agent, call, id: tenant.tokenId };
});
afterAll(() => board.stop());

interface Attempt {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** Asks; of an answer only its status is looked at, so that a stream which was opened is left. */
async function statusOf({ method, path, headers = {}, body }: Attempt, by?: string): Promise<number> {
  const authorization: Record<string, string> = by === undefined ? {} : { Authorization: `Bearer ${by}` };
  const sent = body === undefined ? {} : { body };
  const answer = await fetch(board.url + path, { method, headers: { ...authorization, ...headers }, ...sent });
  await answer.body?.cancel();
  return answer.status;
}

/** All of them, some at a time; returns those that met a fault of ours. */
async function faults(attempts: readonly (Attempt & { by?: string })[]): Promise<string[]> {
  const found: string[] = [];
  const rest = [...attempts];
  const work = async () => {
    for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
      // Searches wait their turn, and on a slow machine too long: that passes, and is asked again.
      let status = await statusOf(one, one.by);
      for (let tries = 1; status === 503 && tries < 10; tries++) status = await statusOf(one, one.by);
      if (status >= 500) found.push(`${status} ${one.what}`.slice(0, 200));
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return found.sort();
}

/** What it is asked about is there, unless it would be taken away. */
const own = ({ method }: Operation): Values => (method === 'DELETE' ? {} : things);
const callers = ({ isAdmin }: Operation) => (isAdmin ? [board.adminToken] : [token]);
const JSON_TYPE = { 'Content-Type': 'application/json' };
const takesBody = ({ bodySchema }: Operation) => bodySchema !== undefined;

function each(attempts: (operation: Operation) => readonly Attempt[]): (Attempt & { by: string })[] {
  return operations.flatMap((operation) =>
    callers(operation).flatMap((by) => attempts(operation).map((one) => ({ ...one, by }))),
  );
}

describe('nothing that is sent is a fault of ours', () => {
  it('in a path', async () => {
    const attempts = each((operation) =>
      operation.pathNames.flatMap((name) =>
        URL_VALUES.map((value) => ({
          what: `${operation.name} {${name}}=${value}`,
          method: operation.method,
          path: operation.path({ ...own(operation), [name]: 'FUZZ' }).replace('FUZZ', value),
          ...(takesBody(operation) ? { headers: JSON_TYPE, body: JSON.stringify(operation.body() ?? {}) } : {}),
        })),
      ),
    );
    expect(attempts.length).toBeGreaterThan(150);
    expect(await faults(attempts)).toEqual([]);
  });

  it('in a query, once or twice', async () => {
    const attempts = each((operation) =>
      operation.queryNames.flatMap((name) =>
        URL_VALUES.flatMap((value) => [`${name}=${value}`, `${name}=${value}&${name}=${value}`]).map((query) => ({
          what: `${operation.name} ?${query}`,
          method: operation.method,
          path: `${operation.path(own(operation))}?${query}${operation.template.endsWith('explain') ? `&tenant=${things['tenant']}&event=1` : ''}`,
        })),
      ),
    );
    expect(attempts.length).toBeGreaterThan(400);
    expect(await faults(attempts)).toEqual([]);
  });

  it('in a body, whole or in each of its fields', async () => {
    const attempts = each((operation) => {
      if (!takesBody(operation)) return [];
      const fields = operation.bodyNames.flatMap((name) => JSON_VALUES.map((value) => [name, value] as const));
      const of = (body: string): Attempt => ({
        what: `${operation.name} ${body}`,
        method: operation.method,
        path: operation.path(own(operation)),
        headers: JSON_TYPE,
        body,
      });
      const inField = fields.map(([name, value]) => {
        const whole = JSON.stringify({ ...operation.body(things), [name]: 'FUZZ' });
        return of(whole.replace('"FUZZ"', () => value));
      });
      return [...inField, ...[...JSON_VALUES, '', '{', '\u0000', '{"a":1,"a":2}'].map(of)];
    });
    expect(attempts.length).toBeGreaterThan(400);
    expect(await faults(attempts)).toEqual([]);
  });

  it('in a header', async () => {
    const names = [
      'Authorization',
      'Cookie',
      'Last-Event-ID',
      'Idempotency-Key',
      'X-Forwarded-For',
      'Content-Encoding',
      'Accept',
    ];
    const attempts = each((operation) =>
      names.flatMap((name) =>
        HEADER_VALUES.map((value) => ({
          what: `${operation.name} ${name}: ${value}`,
          method: operation.method,
          path: operation.path(),
          headers: { ...JSON_TYPE, [name]: name === 'Authorization' ? `Bearer ${value}` : value },
          ...(takesBody(operation) ? { body: '{}' } : {}),
        })),
      ),
    );
    expect(await faults(attempts)).toEqual([]);
  });

  it('as a token, in the header, in the URL or as a cookie', async () => {
    const part = (text: string) => Buffer.from(text).toString('base64url');
    const head = (more = '') => part(`{"alg":"ES256","typ":"JWT","kid":"x"${more}}`);
    const payloads = [
      '{',
      '',
      'null',
      '[]',
      '5',
      '"x"',
      '{"iss":5}',
      '{"exp":"x"}',
      '{"aud":"stream","jti":"\\u0000"}',
      '\u00ff',
    ];
    const tokens = [
      ...payloads.map((payload) => `${head()}.${part(payload)}.c2ln`),
      ...['{', 'null', '[]', '{"alg":5}', '{"kid":5}', '{"alg":"ES256","typ":"JWT","kid":"\\u0000"}'].map(
        (text) => `${part(text)}.e30.c2ln`,
      ),
      `${head(',"crit":["x"]')}.${part('{}')}.c2ln`,
      '..',
      'a.b.c',
      '...',
      '.',
      'e30',
      `${head()}.${part('{}')}.`,
    ];
    for (const bad of tokens) {
      const asked = await Promise.all([
        statusOf({ what: bad, method: 'GET', path: '/v1/me' }, bad),
        statusOf({ what: bad, method: 'GET', path: `/v1/events?token=${bad}` }),
        statusOf({ what: bad, method: 'GET', path: '/v1/me', headers: { Cookie: `switchboard_session=${bad}` } }),
      ]);
      expect([bad, asked.filter((status) => ![400, 401].includes(status))]).toEqual([bad, []]);
    }
  });
});

describe('a body that is not understood', () => {
  it('is refused by every route that takes one: 415, and nothing is made', async () => {
    const types = [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'json'];
    const takers = operations.filter(takesBody);
    expect(takers.length).toBeGreaterThan(12);
    for (const operation of takers) {
      const [by] = callers(operation);
      for (const type of types) {
        const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
        const body = Buffer.from(JSON.stringify(operation.body(things) ?? {}));
        const asked = { what: '', method: operation.method, path: operation.path(things), headers, body };
        expect([operation.name, type, await statusOf(asked, by)]).toEqual([operation.name, type, 415]);
      }
    }
  });

  it('is refused by every route that takes none', async () => {
    const others = operations.filter(
      (operation) => !takesBody(operation) && !['GET', 'HEAD'].includes(operation.method),
    );
    expect(others.length).toBeGreaterThan(5);
    for (const operation of others) {
      const [by] = callers(operation);
      const asked = {
        what: '',
        method: operation.method,
        path: operation.path(),
        headers: JSON_TYPE,
        body: '{"agents":["x"]}',
      };
      expect([operation.name, await statusOf(asked, by)]).toEqual([operation.name, 400]);
    }
  });

  it('may be absent where it is optional', async () => {
    const made = await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token });
    expect([made.status, typeof made.body.token]).toEqual([201, 'string']);
  });
});
