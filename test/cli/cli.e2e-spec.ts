/** The command line, run as operators run it, against a real server; see src/cli. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN, CommandRun, type RunOptions } from '../support/command-line.js';
import { type Meddling, type Proxy, startProxy } from '../support/meddling-proxy.js';
import { Switchboard } from '../support/switchboard.js';
import { OBEYED } from '../support/terminal.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
let folder: string;
const proxies: Proxy[] = [];
const commands: CommandRun[] = [];
beforeAll(async () => {
  board = await Switchboard.start({ STREAM_PING_SECONDS: '1', LIMIT_REQUESTS_PER_SECOND: '1000' });
  folder = mkdtempSync(join(tmpdir(), 'switchboard-cli-'));
  writeFileSync(join(folder, 'token'), `${board.adminToken}\n`);
});
afterAll(async () => {
  await Promise.all(commands.map((command) => command.signal('SIGKILL')));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await board.stop();
  rmSync(folder, { recursive: true });
});

function start(args: readonly string[], { variables, ...options }: RunOptions = {}): CommandRun {
  const given = { SWITCHBOARD_URL: board.url, SWITCHBOARD_TOKEN: board.adminToken, ...variables };
  const command = new CommandRun(args, { cwd: folder, variables: given, ...options });
  commands.push(command);
  return command;
}

async function run(args: readonly string[], options: RunOptions = {}) {
  const command = start(args, options);
  const code = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** What it printed, of a command that must succeed. */
async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

const ownerOf = async (agent: string) => {
  const { body } = await board.admin<{ owners: { tenant: string; until: string | null }[] }>(
    'GET',
    `/v1/admin/agents/${agent}/owners`,
  );
  return body.owners.find(({ until }) => until === null)?.tenant ?? null;
};

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
    const { stdout, stderr } = await run(args);
    expect(stdout).toMatch(/^eyJ[\w.-]+\n$/);
    const token = stdout.trim();
    const { body } = await board.request('GET', '/v1/me', { token });
    expect(body).toMatchObject({ tenant: id, scopes: ['events:read', 'agents:read'] });
    expect(Date.parse(body['expiresAt'] as string) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    const tokenId = /token (\S+),/.exec(stderr)?.[1] ?? '';
    const list = await said('token', 'list', '--tenant', id);
    expect(list).toMatch(new RegExp(`^${tokenId}  x  +events:read agents:read`, 'm'));
    expect(list + stderr).not.toContain('eyJ');
    await said('token', 'revoke', tokenId);
    expect((await board.request('GET', '/v1/me', { token })).status).toBe(401);
  });

  it('says which field the server refuses, and that a scope is missing', async () => {
    const [wrong, none] = await Promise.all([
      run(['token', 'create', '--scope', 'everything']),
      run(['token', 'create']),
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
    expect(await said('tenant', 'create', id, '--name', 'Initech')).toMatch(new RegExp(`^${id} +Initech  active`, 'm'));
    expect(JSON.parse(await said('tenant', 'list', '--json'))).toContainEqual(expect.objectContaining({ tenant: id }));
    const again = await run(['tenant', 'create', id]);
    expect(again).toEqual({ code: 1, stdout: '', stderr: 'switchboard: There is a tenant of that name already.\n' });
    expect(await said('tenant', 'suspend', id)).toContain('suspended');
    const careful = await run(['tenant', 'delete', id]);
    expect([careful.code, careful.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect((await board.admin('GET', `/v1/admin/tenants/${id}`)).status).toBe(200);
    await said('tenant', 'delete', id, '--yes');
    expect((await board.admin('GET', `/v1/admin/tenants/${id}`)).status).toBe(404);
  });
});

describe('switchboard calls', () => {
  it('erase wants to be told --yes, then erases one, and says when there is none', async () => {
    const call = fresh('call');
    await board.ingest(message(fresh('mara'), call, 1));
    const careful = await run(['calls', 'erase', call]);
    expect([careful.code, careful.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await said('calls', 'erase', call, '--yes')).toBe('');
    expect((await board.admin('GET', `/v1/admin/calls/${call}`)).status).toBe(404);
    const again = await run(['calls', 'erase', call, '--yes']);
    expect(again).toEqual({ code: 1, stdout: '', stderr: 'switchboard: There is no call of that id.\n' });
  });
});

describe('switchboard agent', () => {
  it('assigns, says whose an agent is when it is another’s, moves it when told, and takes it away', async () => {
    const [agent, one, other] = [fresh('mara'), (await board.createTenant()).id, (await board.createTenant()).id];
    await said('agent', 'assign', agent, '--tenant', one);
    const refused = await run(['agent', 'assign', agent, '--tenant', other]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `belongs to ${one}, not to nobody. If that is what you want, say --from ${one} to move it`,
    );
    const preview = await said('agent', 'assign', agent, '--tenant', other, '--from', one, '--dry-run');
    expect(preview).toMatch(
      /^nothing was changed.*\n {2}0 open streams: .*\n {2}0 calls in progress: .*\n {2}0 stream tokens/,
    );
    expect(await ownerOf(agent)).toBe(one);
    await said('agent', 'assign', agent, '--tenant', other, '--from', one);
    expect(await said('agent', 'owners', agent)).toMatch(new RegExp(`^${other} .*–.*\n${one} `, 'm'));
    await said('agent', 'unassign', agent, '--from', other);
    expect(await said('agent', 'list', '--unassigned')).toMatch(new RegExp(`^${agent} +– +–$`, 'm'));
  });

  it('set makes the whole set', async () => {
    const { id } = await board.createTenant({ agents: [fresh('old')] });
    const names = [fresh('a'), fresh('b')];
    expect(await said('agent', 'set', '--tenant', id, '--dry-run', ...names)).toContain(`added    ${names.join(' ')}`);
    await said('agent', 'set', '--tenant', id, ...names);
    expect((await said('agent', 'list', '--tenant', id)).match(/^\S+/gm)?.slice(1)).toEqual(names);
  });
});

describe('switchboard agent import', () => {
  it('brings a CSV’s agents to their tenants, other tenants’ only when told, and says the plan before', async () => {
    const [one, other] = [fresh('one'), fresh('other')];
    const { id: owner } = await board.createTenant({ agents: [other] });
    const tenant = fresh('new-customer');
    const csv = join(folder, 'fleet.csv');
    writeFileSync(csv, `\ufeffagent,tenant\r\n${one},${tenant}\r\n${other},${tenant}\r\n`);
    const refused = await run(['agent', 'import', csv]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(
      new RegExp(`assign +${one} +${tenant} +–\ntransfer +${other} +${tenant} +${owner}\n$`),
    );
    expect(refused.stderr).toBe(
      `switchboard: nothing was changed: no such tenant: ${tenant} (--create-tenants makes them); owned by another tenant: ${other} (--transfer moves them)\n`,
    );
    await run(['agent', 'import', csv, '--dry-run', '--transfer', '--create-tenants']);
    expect([await ownerOf(one), await ownerOf(other)]).toEqual([null, owner]);
    expect((await board.admin('GET', `/v1/admin/tenants/${tenant}`)).status).toBe(404);
    const done = await run(['agent', 'import', csv, '--transfer', '--create-tenants']);
    expect([done.code, done.stderr]).toEqual([0, '2 agents brought to their tenants\n']);
    expect([await ownerOf(one), await ownerOf(other)]).toEqual([tenant, tenant]);
    // Safe to repeat.
    expect(await said('agent', 'import', csv)).toMatch(/keep.*\nkeep/);
  });

  it('takes JSON, also from stdin', async () => {
    const [one, two] = [fresh('one'), fresh('two')];
    const { id } = await board.createTenant();
    const [map, list] = [JSON.stringify({ [id]: [one] }), JSON.stringify([{ agent: two, tenant: id }])];
    await Promise.all([map, list].map((stdin) => run(['agent', 'import', '-'], { stdin })));
    expect([await ownerOf(one), await ownerOf(two)]).toEqual([id, id]);
  });

  it('names every fault with its line, and changes nothing', async () => {
    const agent = fresh('mara');
    const { id } = await board.createTenant();
    const stdin = `agent,tenant\n${agent},${id}\n"ju lia",${id}\n${agent},${id}\nnora,No Tenant\n`;
    const { code, stderr } = await run(['agent', 'import', '-'], { stdin });
    expect(code).toBe(2);
    expect(stderr.split('\n').slice(1, -1)).toEqual([
      '  line 3: "ju lia" is no name of an agent',
      `  line 4: "${agent}" stands in line 2 already`,
      '  line 5: "No Tenant" is no name of a tenant',
    ]);
    expect(await ownerOf(agent)).toBeNull();
    expect((await run(['agent', 'import', 'nothing.csv'])).stderr).toBe(
      'switchboard: nothing.csv cannot be read (ENOENT)\n',
    );
  });
});

describe('switchboard tail', () => {
  it('shows what a tenant sees, one line an event, and what was said in it is shown, never obeyed', async () => {
    const agent = fresh('mara');
    const { id } = await board.createTenant({ agents: [agent] });
    const other = fresh('julia');
    await board.createTenant({ agents: [other] });
    const tail = start(['tail', '--tenant', id]);
    await tail.says('# connected at 0');
    const hostile = 'a\u001b[2J\u001b]0;owned\u0007\nb\r\u2028c\u202edcba\u009b31m';
    await board.ingest(
      { event: 'call.started', agent, callId: agent, from: '+34611111111', to: '+34910000000', direction: 'inbound' },
      { ...message(agent, agent, 1), text: hostile },
      message(other, other, 'canary of another tenant'),
      { event: 'bot.word', agent, callId: agent, word: 'an-interim-word' },
      { event: 'call.ended', agent, callId: agent, duration: 12, reason: 'hangup' },
    );
    await tail.says('call.ended');
    expect(tail.lines).toHaveLength(3);
    expect(tail.lines[0]).toMatch(
      new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${agent} .* call\\.started +\\+34611111111 → \\+34910000000 inbound$`),
    );
    expect(tail.lines[1]).toContain('user.message       "a�[2J�]0;owned� b  c�dcba�31m"');
    expect(tail.lines[2]).toMatch(/call\.ended +12 s hangup$/);
    expect(tail.stdout + tail.stderr).not.toMatch(OBEYED);
    expect(tail.stdout).not.toMatch(/canary|interim/);
    expect(await tail.signal('SIGINT')).toBe(0);
    const { body } = await board.admin<{ audit: { action: string }[] }>('GET', `/v1/admin/audit?tenant=${id}`);
    expect(body.audit.map(({ action }) => action)).toContain('tenant.view');
  });

  it('comes back by its cursor after the server was away, and misses nothing', async () => {
    const agent = fresh('mara');
    let server = await board.beside();
    const { id } = await board.createTenant({ agents: [agent] });
    const door = await startProxy(() => server.url);
    proxies.push(door);
    const tail = start(['tail', '--tenant', id, '--json', '--type', 'user.*'], {
      variables: { SWITCHBOARD_URL: door.url },
    });
    await tail.says('"connected"');
    await server.stop();
    await board.ingest(message(agent, agent, 1), message(agent, agent, 2));
    await tail.says('trying again');
    server = await board.beside();
    await board.ingest(message(agent, agent, 3));
    await tail.says('text 3');
    const shown = tail.lines.map((line) => JSON.parse(line) as { type: string; data: { text: string } });
    expect(shown.filter(({ type }) => type === 'user.message').map(({ data }) => data.text)).toEqual([
      ...['text 1', 'text 2', 'text 3'],
    ]);
    expect(await tail.signal('SIGTERM')).toBe(0);
    await server.stop();
  });

  it('names the tenant of each event to an admin, and ends when the token may no longer read', async () => {
    const agent = fresh('mara');
    const { id, token, tokenId } = await board.createTenant({ agents: [agent] });
    const own = start(['tail'], { variables: { SWITCHBOARD_TOKEN: token } });
    await own.says('connected');
    await board.ingest(message(agent, agent, 0));
    const watching = start(['tail', '--agent', agent, '--after', '0']);
    await watching.says('text 0');
    expect(watching.lines.at(-1)).toMatch(new RegExp(`^\\S+ ${id} +${agent} `));
    await said('token', 'revoke', tokenId);
    expect(await own.exited).toBe(1);
    expect(own.stderr).toContain('# the server ends the stream: The token was revoked');
    await watching.signal('SIGINT');
  });
});

describe('switchboard doctor', () => {
  const examine = async (meddling: Meddling | undefined, ...args: string[]) => {
    const { id, token } = await board.createTenant();
    const proxy = meddling && (await startProxy(board.url, meddling));
    if (proxy) proxies.push(proxy);
    const variables = { SWITCHBOARD_URL: proxy?.url ?? board.url, SWITCHBOARD_TOKEN: token };
    const { code, stdout } = await run(['doctor', ...args], { variables });
    return {
      code,
      id,
      // How soon a stream greets is the machine's doing, here.
      bad: stdout.split('\n').filter((line) => /^[✗!]/.test(line) && !/HTTP\/1\.1|greets only after/.test(line)),
      stdout,
    };
  };

  it('finds nothing wrong where nothing is in between, also as an admin and as a tenant', async () => {
    const { code, bad, stdout, id } = await examine(undefined, '--wait', '5');
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    expect(stdout).toContain('✓ pings arrive');
    const views = await Promise.all([run(['doctor', '--wait', '0']), run(['doctor', '--wait', '0', '--tenant', id])]);
    for (const view of views)
      expect(view).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ Last-Event-ID') });
  });

  it('finds what a proxy does wrong: each of these, and nothing else', async () => {
    const cases: [what: string, Meddling, finding: RegExp, code: number][] = [
      ['buffers', { buffers: true }, /^✗ the stream says nothing: something buffers it/, 1],
      ['strips Last-Event-ID', { strips: ['last-event-id'] }, /^✗ Last-Event-ID does not arrive/, 1],
      ['compresses', { compresses: true }, /^✗ it is compressed \(gzip\)/, 1],
      ['eats pings', { eatsComments: true }, /^✗ no ping within 3 s/, 1],
      ['strips Authorization', { strips: ['authorization'] }, /^✗ the token is refused \(401\)/, 1],
      [
        'has a clock of another time',
        { answers: { date: new Date(0).toUTCString() } },
        /^! this clock is \d+ s ahead/,
        0,
      ],
      ['lets caches transform', { answers: { 'cache-control': 'no-cache' } }, /^! Cache-Control: no-transform was/, 0],
      ['answers itself', { status: 200 }, /^✗ \/healthz answers 200 and not as Switchboard/, 1],
    ];
    const found = await Promise.all(cases.map(([, meddling]) => examine(meddling, '--wait', '3')));
    for (const [index, [what, , finding, expected]] of cases.entries()) {
      const { bad, code } = found[index] ?? {};
      expect({ what, bad, code }).toEqual({ what, bad: [expect.stringMatching(finding)], code: expected });
    }
  });
});

describe('the README', () => {
  it('leads from a new customer to its live dashboard, pasted as it stands', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const block = /## From a new customer.*?```sh\n(.*?)```/s.exec(readme)?.[1] ?? '';
    expect(block.match(/curl|admin -/g)?.length).toBeLessThan(10);
    const reader = mkdtempSync(join(folder, 'reader-'));
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
    const rotated = JSON.parse(await said('keys', 'rotate', '--json')) as { kid: string; state: string };
    expect(rotated.state).toBe('next');
    expect(await said('keys', 'list')).toContain(rotated.kid);
    expect(await said('audit', '--tenant', id)).toMatch(/agent\.assign/);
    expect(await said('explain', '--tenant', id, '--event', '999999')).toContain('The log has no position 999999 yet');
  });

  it('lists open streams and closes one', async () => {
    const { token, id } = await board.createTenant();
    const reader = await board.open('/events', { token });
    await reader.untilType('connected');
    const row = new RegExp(`^(\\S+)  ${id} `, 'm').exec(await said('connections'));
    await said('connections', 'close', row?.[1] ?? 'none');
    await reader.until(() => reader.ended);
  });

  it('ends with 2 when it is asked wrongly, with 1 when it cannot be done, and says why in one line', async () => {
    const gone = await startProxy(board.url);
    await gone.close();
    const cases: [number, RegExp, string[], RunOptions?][] = [
      [2, /unknown command 'nonsense'/, ['nonsense']],
      [2, /missing required argument 'id'/, ['token', 'revoke']],
      [2, /^switchboard: "ftp:\/\/x" is no http or https address\n$/, ['--url', 'ftp://x', 'tenant', 'list']],
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
    const runs = await Promise.all(cases.map(([, , args, options]) => run(args, options)));
    for (const [index, { code, stdout, stderr }] of runs.entries()) {
      const [expected, words, args] = cases[index] ?? [];
      expect({ args, code, stdout }).toEqual({ args, code: expected, stdout: '' });
      expect(stderr).toMatch(words ?? /./);
    }
    const help = await run(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
  });

  it('is what npx runs, and reads its token from a file', async () => {
    const variables = { SWITCHBOARD_URL: '', SWITCHBOARD_TOKEN: '' };
    const args = ['--url', `${board.url}/`, '--token-file', 'token', 'tenant', 'list', '--json'];
    const { code, stdout, stderr } = await run(args, { script: BIN, variables });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(expect.any(Array));
  });
});
