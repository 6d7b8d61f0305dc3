import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandRun, type RunOptions } from '../support/command-line.js';
import { type Proxy } from '../support/meddling-proxy.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

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
