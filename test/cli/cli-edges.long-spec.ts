/** The command line between other programs: what a shell does to its output, and what is typed wrongly. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from '../support/command-line.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '1000' })));
afterAll(() => board.stop());

/** What bash says of a line in which `switchboard` stands; a pipeline ends as its worst part does. */
async function bash(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], SWITCHBOARD_URL: board.url, SWITCHBOARD_TOKEN: board.adminToken };
  const here = `switchboard() { ${process.execPath} ${MAIN} "$@"; }\nset -o pipefail\n${line}`;
  const shell = spawn('bash', ['-c', here], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const code = await new Promise<number | null>((done) => shell.once('close', done));
  return { code, ...said };
}

it.each([
  'tenant list',
  'agent list --json',
  'audit',
  'keys list',
  'token list',
  'connections',
  'calls list',
  'limits',
  '--help',
])('%s ends quietly when its reader has gone', async (command) => {
  expect(await bash(`switchboard ${command} | true`)).toEqual({ code: 0, stdout: '', stderr: '' });
});

it('a doctor and a tail end when nobody looks any more', async () => {
  const { code, stderr } = await bash('switchboard doctor --wait 60 | true; switchboard tail --json | true');
  expect({ code, stderr: stderr.replaceAll(/^# .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
});

it('what was asked for is done, whoever reads of it', async () => {
  const { id } = await board.createTenant();
  const agents = Array.from({ length: 20 }, () => fresh('agent'));
  const list = agents.map((agent) => `${agent};${id}`).join('\\n');
  const line = `printf 'agent;tenant\\n${list}\\n' | switchboard agent import - | true`;
  expect(await bash(line)).toMatchObject({ code: 0, stderr: '20 agents assigned to their tenants\n' });
  const { body } = await board.admin<{ agents: unknown[] }>('GET', `/v1/admin/agents?tenant=${id}`);
  expect(body.agents).toHaveLength(20);
});

const hasFullDisk = existsSync('/dev/full');
const fullDisk = 'a disk that is full is said, in one line';
(hasFullDisk ? it : it.skip)(hasFullDisk ? fullDisk : `${fullDisk} (skipped: no /dev/full)`, async () => {
  const { code, stderr } = await bash('switchboard tenant list > /dev/full');
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'switchboard: standard output cannot be written (ENOSPC)\n' });
});

it('says its version', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await bash('switchboard --version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

it.each(['abc', '-1', '1e3', ''])('tail does not begin after what is no id: %j', async (id) => {
  const { code, stderr } = await bash(`switchboard tail '--after=${id}'`);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('It must be an event ID (digits only).'),
  });
});
