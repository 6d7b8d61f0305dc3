/** The command line, run as operators run it, against a real server; see src/cli. */
import { CommandLineBench } from '../support/command-line-bench.js';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, type RunOptions } from '../support/command-line.js';
import { startProxy } from '../support/meddling-proxy.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let bench: CommandLineBench;
let board: Switchboard;
beforeAll(async () => {
  bench = await CommandLineBench.start();
  ({ board } = bench);
});
afterAll(() => bench.stop());

describe('switchboard token', () => {
  it('create prints the token and nothing else, list shows it without its text, revoke ends it', async () => {
    const { id } = await board.createTenant();
    const args = [
      'token',
      'create',
      '--tenant',
      id,
      '--scope',
      'events:read,agents:read',
      '--ttl',
      '30d',
      '--name',
      'x',
    ];
    const { stdout, stderr } = await bench.run(args);
    expect(stdout).toMatch(/^eyJ[\w.-]+\n$/);
    const token = stdout.trim();
    const { body } = await board.request('GET', '/v1/me', { token });
    expect(body).toMatchObject({ tenant: id, scopes: ['events:read', 'agents:read'] });
    expect(Date.parse(body['expiresAt'] as string) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    const tokenId = /token (\S+),/.exec(stderr)?.[1] ?? '';
    const list = await bench.said('token', 'list', '--tenant', id);
    expect(list).toMatch(new RegExp(`^${tokenId}  x  +events:read agents:read`, 'm'));
    expect(list + stderr).not.toContain('eyJ');
    await bench.said('token', 'revoke', tokenId);
    expect((await board.request('GET', '/v1/me', { token })).status).toBe(401);
  });

  it('roll prints the new token and nothing else, and says until when the old one works', async () => {
    const { token, tokenId } = await board.createTenant();
    const { stdout, stderr } = await bench.run(['token', 'roll', tokenId, '--overlap', '1h']);
    expect(stdout).toMatch(/^eyJ[\w.-]+\n$/);
    const until = new RegExp(`^token ${tokenId} works until (\\S+)$`, 'm').exec(stderr)?.[1] ?? '';
    expect(Date.parse(until) - Date.now()).toBeLessThanOrEqual(3600_000);
    for (const one of [token, stdout.trim()])
      expect((await board.request('GET', '/v1/me', { token: one })).status).toBe(200);
    await bench.run(['token', 'roll', tokenId, '--overlap', '0s']);
    expect((await board.request('GET', '/v1/me', { token })).status).toBe(401);
    expect(await bench.run(['token', 'roll', tokenId])).toMatchObject({ code: 2, stdout: '' });
  });

  it('says which field the server refuses, and that a scope is missing', async () => {
    const [wrong, none] = await Promise.all([
      bench.run(['token', 'create', '--scope', 'everything']),
      bench.run(['token', 'create']),
    ]);
    expect([wrong.code, none.code]).toEqual([2, 2]);
    expect(wrong.stderr).toMatch(/^switchboard: The request is not valid: scopes\.0: .+\n$/);
    expect(none.stderr).toContain("'--scope <scope>'");
    expect(wrong.stdout + none.stdout).toBe('');
  });
});

describe('switchboard tenant', () => {
  it('creates, lists, suspends, and deletes when it is told --yes', async () => {
    const id = fresh('initech');
    expect(await bench.said('tenant', 'create', id, '--name', 'Initech')).toMatch(
      new RegExp(`^${id} +Initech  active`, 'm'),
    );
    expect(JSON.parse(await bench.said('tenant', 'list', '--json'))).toContainEqual(
      expect.objectContaining({ tenant: id }),
    );
    const again = await bench.run(['tenant', 'create', id]);
    expect(again).toEqual({ code: 1, stdout: '', stderr: 'switchboard: There is a tenant of that id already.\n' });
    expect(await bench.said('tenant', 'suspend', id)).toContain('suspended');
    const careful = await bench.run(['tenant', 'delete', id]);
    expect([careful.code, careful.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect((await board.admin('GET', `/v1/admin/tenants/${id}`)).status).toBe(200);
    await bench.said('tenant', 'delete', id, '--yes');
    expect((await board.admin('GET', `/v1/admin/tenants/${id}`)).status).toBe(404);
  });
});

describe('switchboard calls', () => {
  it('erase wants to be told --yes, then erases one, and says when there is none', async () => {
    const call = fresh('call');
    await board.ingest(message(fresh('mara'), call, 1));
    const careful = await bench.run(['calls', 'erase', call]);
    expect([careful.code, careful.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await bench.said('calls', 'erase', call, '--yes')).toBe('');
    expect((await board.admin('GET', `/v1/admin/calls/${call}`)).status).toBe(404);
    const again = await bench.run(['calls', 'erase', call, '--yes']);
    expect(again).toEqual({ code: 1, stdout: '', stderr: 'switchboard: There is no call of that id.\n' });
  });
});

describe('the README', () => {
  it('leads from a new customer to its live dashboard, pasted as it stands', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const block = /## From a new customer.*?```sh\n(.*?)```/s.exec(readme)?.[1] ?? '';
    expect(block.match(/curl|admin -/g)?.length).toBeLessThan(10);
    const reader = mkdtempSync(join(bench.folder, 'reader-'));
    mkdirSync(join(reader, '.switchboard'));
    writeFileSync(join(reader, '.switchboard', 'admin-token'), `${board.adminToken}\n`);
    // Where it runs, as its reader would set it; tokens' URLs begin with PUBLIC_URL, which here is no address.
    const here = block.replace('http://127.0.0.1:3000', board.url).replace('"$URL"', `"${board.url}/\${URL#*test/}"`);
    const shell = spawn('bash', ['-c', `${here}\nwait`], {
      cwd: reader,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let output = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await waitFor(() => /event: call\.started\nid: 1\ndata: \{"callId":"CA_2","agent":"bill"/.test(output), 'the call');
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  });
});

describe('the command line', () => {
  it('rotates keys, shows the audit, explains an event', async () => {
    const agent = fresh('mara');
    const { id } = await board.createTenant({ agents: [agent] });
    const rotated = JSON.parse(await bench.said('keys', 'rotate', '--json')) as { kid: string; state: string };
    expect(rotated.state).toBe('next');
    expect(await bench.said('keys', 'list')).toContain(rotated.kid);
    expect(await bench.said('audit', '--tenant', id)).toMatch(/agent\.assign/);
    expect(await bench.said('explain', '--tenant', id, '--event', '999999')).toContain(
      'The log has no position 999999 yet',
    );
  });

  it('lists open streams and closes one', async () => {
    const { token, id } = await board.createTenant();
    const reader = await board.open('/events', { token });
    await reader.untilType('connected');
    const row = new RegExp(`^(\\S+)  ${id} `, 'm').exec(await bench.said('connections'));
    await bench.said('connections', 'close', row?.[1] ?? 'none');
    await reader.until(() => reader.ended);
  });

  it('ends with 2 when it is asked wrongly, with 1 when it cannot be done, and says why in one line', async () => {
    const gone = await startProxy(board.url);
    await gone.close();
    const cases: [number, RegExp, string[], RunOptions?][] = [
      [2, /unknown command 'nonsense'/, ['nonsense']],
      [2, /missing required argument 'id'/, ['token', 'revoke']],
      [2, /^switchboard: "ftp:\/\/x" is not an http or https address\n$/, ['--url', 'ftp://x', 'tenant', 'list']],
      [
        2,
        /^switchboard: no token: set SWITCHBOARD_TOKEN/,
        ['tenant', 'list'],
        { variables: { SWITCHBOARD_TOKEN: '' } },
      ],
      [1, /^switchboard: There is no token of that id\.\n$/, ['token', 'revoke', 'nope']],
      [
        1,
        /^switchboard: The token was not issued here/,
        ['tenant', 'list'],
        { variables: { SWITCHBOARD_TOKEN: 'abc' } },
      ],
      [1, /^switchboard: the server cannot be reached \(.*ECONNREFUSED.*\)\n$/, ['--url', gone.url, 'audit']],
      [2, /It must be a number of seconds/, ['doctor', '--wait', 'abc']],
    ];
    const runs = await Promise.all(cases.map(([, , args, options]) => bench.run(args, options)));
    for (const [index, { code, stdout, stderr }] of runs.entries()) {
      const [expected, words, args] = cases[index] ?? [];
      expect({ args, code, stdout }).toEqual({ args, code: expected, stdout: '' });
      expect(stderr).toMatch(words ?? /./);
    }
    const help = await bench.run(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
  });

  it('is what npx runs, and reads its token from a file', async () => {
    const variables = { SWITCHBOARD_URL: '', SWITCHBOARD_TOKEN: '' };
    const args = ['--url', `${board.url}/`, '--token-file', 'token', 'tenant', 'list', '--json'];
    const { code, stdout, stderr } = await bench.run(args, { script: BIN, variables });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(expect.any(Array));
  });
});
