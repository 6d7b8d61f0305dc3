/**
 * The first admin token opens everything for a year: a terminal shows it, a log never does, and a lost one is replaced.
 */
import { readEnv } from '../../src/config/env.js';
import { welcome } from '../../src/welcome.js';
import { Installation } from '../support/server-process.js';

it('is shown to a terminal, once, and elsewhere never: there the welcome says where it is', () => {
  const shown = (isTerminal: boolean, created: string | undefined) =>
    welcome(readEnv({ SOURCES: 'none' }), { path: '/data/admin-token', created }, undefined, isTerminal);
  expect(shown(true, 'eyJ.the.token')).toMatch(/Admin token \(shown this once.*\n {2}eyJ\.the\.token\n/);
  expect(shown(false, 'eyJ.the.token')).not.toContain('eyJ.the.token');
  expect(shown(false, 'eyJ.the.token')).toContain('Admin token: in /data/admin-token, mode 0600;');
  for (const isTerminal of [true, false]) expect(shown(isTerminal, undefined)).not.toContain('Admin token');
});

describe('--new-admin-token, while the server runs', () => {
  let home: Installation;
  beforeAll(async () => {
    home = await Installation.create({ SOURCES: 'none' });
    await home.start();
  });
  afterAll(() => home.remove());

  const ask = (method: string, path: string, token: string) =>
    fetch(`${home.url}${path}`, { method, headers: { Authorization: `Bearer ${token}` } });
  interface Tokens {
    readonly tokens: { readonly id: string; readonly createdAt: string }[];
  }

  it('makes another one, says it and nothing else, and with it the one before is revoked', async () => {
    const before = home.read('admin-token');
    const command = home.spawn({}, ['--new-admin-token']);
    const { code } = await command.exited;
    const token = command.stdout.trim();
    expect({ code, lines: command.stdout.split('\n').length }).toEqual({ code: 0, lines: 2 });
    expect(home.read('admin-token')).toBe(token);
    expect(token).not.toBe(before);
    const { tokens } = (await (await ask('GET', '/v1/admin/tokens', token)).json()) as Tokens;
    expect(tokens).toHaveLength(2);
    expect((await ask('DELETE', `/v1/admin/tokens/${tokens[1]?.id}`, token)).status).toBe(204);
    const statuses = [before, token].map(async (text) => (await ask('GET', '/v1/admin/tenants', text)).status);
    expect(await Promise.all(statuses)).toEqual([401, 200]);
  });
});
