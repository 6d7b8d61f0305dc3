/** The code that the page offers for a new token does what it says, as it stands. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SnippetName, snippetsOf } from '../../src/dashboard/app/tokens/snippets.js';
import { ExampleProcess } from '../support/example-process.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const ELSEWHERE = 'https://crm.example';
const directory = mkdtempSync(join(tmpdir(), 'snippets-'));
let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ CORS_ORIGINS: ELSEWHERE })));
afterAll(async () => {
  await board.stop();
  rmSync(directory, { recursive: true });
});

const offered = (token: string, scopes: readonly string[] = ['events:read']) =>
  snippetsOf({ baseUrl: board.url, token, scopes, streamUrl: null });

const isThere = (program: string) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** A server of the customer's that runs this snippet with the token. */
function serverOf(name: SnippetName, token: string, withToken = token): Promise<ExampleProcess> {
  const { command = '', code = '' } = offered(token).get(name) ?? {};
  const [variable = '', program = '', file = ''] = command.split(' ');
  expect(variable).toBe(`SWITCHBOARD_TOKEN=${token}`);
  writeFileSync(join(directory, file), code);
  const interpreter = program === 'node' ? process.execPath : program;
  return ExampleProcess.start(join(directory, file), { SWITCHBOARD_TOKEN: withToken }, interpreter);
}

const SERVERS = (['node', 'python'] as const).filter((name) => name === 'node' || isThere('python3'));

describe.each(SERVERS)('the %s server', (name) => {
  it('gives each visitor a URL that a page of another origin reads with', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const server = await serverOf(name, token);
    const answer = await fetch(server.url);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const { url, expiresAt } = (await answer.json()) as { url: string; expiresAt: string };
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 60_000)).toBe(15);
    expect(url).not.toContain(token);
    const leaving = new AbortController();
    const stream = await fetch(url, { headers: { Origin: ELSEWHERE }, signal: leaving.signal });
    expect([stream.status, stream.headers.get('access-control-allow-origin')]).toEqual([200, ELSEWHERE]);
    leaving.abort();
    await server.stop();
  });

  it('answers 502, and tells nobody why, when its token does not work', async () => {
    const { token } = await board.createTenant();
    const server = await serverOf(name, token, 'not-a-token');
    const answer = await fetch(server.url);
    expect([answer.status, await answer.text()]).toEqual([502, '']);
    await server.stop();
  });
});

/** What a line for a shell prints, until `isDone` likes it. */
async function printed(line: string, isDone: (text: string) => boolean): Promise<string> {
  const child = spawn('sh', ['-c', `exec ${line}`]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await waitFor(() => isDone(text), line);
  child.kill();
  return text;
}

it('the lines for a shell read, send, and say whose a token is', async () => {
  const agent = 'mara';
  const { id, token } = await board.createTenant({ agents: [agent] });
  const sender = await board.createToken(id, { scopes: ['events:write'] });
  const manager = await board.createToken(id, { scopes: ['tokens:write'] });
  const codeOf = (one: string, scopes: readonly string[], name: SnippetName) =>
    offered(one, scopes).get(name)?.code ?? '';
  expect(
    await printed(`${codeOf(sender.token, ['events:write'], 'send')} -sS`, (text) => text.includes('}')),
  ).toContain('"accepted":1');
  await printed(codeOf(token, ['events:read'], 'curl'), (text) => text.includes('event: connected'));
  const me = await printed(codeOf(manager.token, ['tokens:write'], 'check'), (text) => text.includes('}'));
  expect(JSON.parse(me)).toMatchObject({ tenant: id, scopes: ['tokens:write'] });
});

it('nothing is offered that the token may not do', () => {
  const names = (...scopes: string[]) => [...offered('t', scopes).keys()];
  expect(names('events:read')).toEqual(['curl', 'browser', 'react', 'node', 'python']);
  expect(names('events:write')).toEqual(['send']);
  expect(names('agents:read')).toEqual(['check']);
});
