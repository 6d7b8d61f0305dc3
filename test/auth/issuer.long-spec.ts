/**
 * A customer's token outlives the address at which it was made: the issuer is the database's, `PUBLIC_URL` is for
 * links.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { createDatabase } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

const issuerOf = (token: string) => (jwt.decode(token) as jwt.JwtPayload).iss;

describe('after a move to another address', () => {
  const [before, after] = ['http://127.0.0.1:3000', 'https://calls.example.com'];
  const dataDir = mkdtempSync(join(tmpdir(), 'switchboard-issuer-'));
  let database: { url: string; drop: () => Promise<void> };
  let moved: Switchboard;
  let reader: string;
  let adminToken: string;

  beforeAll(async () => {
    database = await createDatabase();
    const variables = { DATABASE_URL: database.url, DATA_DIR: dataDir };
    const old = await Switchboard.start({ ...variables, PUBLIC_URL: before });
    adminToken = old.adminToken;
    reader = (await old.createTenant({ id: 'acme', agents: ['mara'] })).token;
    await old.stop();
    moved = await Switchboard.start({ ...variables, PUBLIC_URL: after }, [], adminToken);
  });
  afterAll(async () => {
    await moved.stop();
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('a token opens what it opened, the operator’s too, and none is made anew', async () => {
    expect((await moved.request('GET', '/v1/agents', { token: reader })).status).toBe(200);
    const stream = await moved.open('/v1/events', { token: reader });
    expect(await stream.untilType('connected')).toMatchObject({ data: { tenant: 'acme' } });
    expect((await moved.admin('GET', '/v1/admin/tenants')).status).toBe(200);
    expect(readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()).toBe(adminToken);
  });

  it('a new token names the same issuer, and links begin with the new address', async () => {
    const body = { agents: ['mara'] };
    const { body: made } = await moved.request('POST', '/v1/stream-tokens', { token: reader, body });
    expect(made['url']).toMatch(/^https:\/\/calls\.example\.com\/v1\/events\?token=/);
    expect(issuerOf(String(made['token']))).toBe(before);
    const link = await moved.admin('POST', '/v1/admin/tenants/acme/sign-in-links', {});
    expect(link.body['url']).toMatch(/^https:\/\/calls\.example\.com\/#code=/);
  });
});

describe('on a new database', () => {
  let database: { url: string; drop: () => Promise<void> };
  const boards: Switchboard[] = [];
  const start = async (variables: Record<string, string>) => {
    const board = await Switchboard.start({ DATABASE_URL: database.url, ...variables });
    boards.push(board);
    return board;
  };
  beforeEach(async () => (database = await createDatabase()));
  afterEach(async () => {
    for (const board of boards.splice(0)) await board.stop();
    await database.drop();
  });

  it('processes that start at the same time agree on the issuer', async () => {
    const started = await Promise.all([0, 1, 2].map((index) => start({ PUBLIC_URL: `http://${index}.example.com` })));
    const token = started.map(({ adminToken }) => adminToken).find((text) => text !== '') ?? '';
    // The others may hear of the key that signed it a moment later.
    await waitFor(async () => {
      const answers = started.map((board) => board.request('GET', '/v1/me', { token }));
      return (await Promise.all(answers)).every(({ status }) => status === 200);
    }, 'a token that works on all three');
  });

  it('an identity provider of the name that our tokens bear is refused, also after a move', async () => {
    const first = 'http://switchboard.example.com';
    const provider = {
      PUBLIC_URL: first,
      AUTH_ISSUER: `${first}/`,
      AUTH_JWKS_URL: 'https://a.example/jwks',
      AUTH_AUDIENCE: 'switchboard',
    };
    await expect(start(provider)).rejects.toThrow(/^AUTH_ISSUER: must be another issuer than our own/);
    // A start that was refused has settled nothing.
    const board = await start({ ...provider, PUBLIC_URL: 'https://calls.example.com' });
    expect(issuerOf(board.adminToken)).toBe('https://calls.example.com');
    const taken = { ...provider, AUTH_ISSUER: 'https://calls.example.com' };
    await expect(start(taken)).rejects.toThrow(/than our own, https:\/\/calls\.example\.com/);
  });
});
