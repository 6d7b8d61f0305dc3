/**
 * A process as it is started with an address of its own: what it prints, hands out and answers the image's probe works.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { MAIN } from '../support/command-line.js';
import { createDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { Installation, type ServerProcess } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { waitFor } from '../support/wait-for.js';

const HEALTHCHECK = resolve(import.meta.dirname, '../../bin/healthcheck.mjs');

describe('a server that listens on all addresses, IPv6 included, at any free port, and keeps its data elsewhere', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let home: Installation;
  let server: ServerProcess;
  /** Found before anything is printed: `PORT=0` is any free one. */
  let port: string;
  beforeAll(async () => {
    database = await createDatabase();
    home = await Installation.create({ DATABASE_URL: database.url, SOURCES: 'none', HOST: '::', PORT: '0' });
    server = home.spawn({ DATA_DIR: "it's here" });
    await waitFor(() => server.stdout.includes('as the operator'), 'the welcome');
    port = /listens on http:\/\/\S+:(\d+) /.exec(server.stdout)?.[1] ?? '';
  });
  afterAll(async () => {
    await home.remove();
    await database.drop();
  });

  /** A line as pasted into a shell of the folder in which the server was started. */
  const pasted = (line: string) => {
    const here = line.replace('npx switchboard', `${process.execPath} ${MAIN}`);
    const env = { PATH: process.env['PATH'] };
    return spawnSync('sh', ['-c', here], { cwd: home.folder, env, encoding: 'utf8' });
  };

  it('prints addresses and lines that work', async () => {
    const url = `http://[::1]:${port}`;
    expect(server.stdout).toContain(`Switchboard listens on ${url}   API: ${url}/docs   health: ${url}/readyz`);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const curl = /^ +(curl .*)$/m.exec(server.stdout)?.[1] ?? '';
    expect(pasted(`${curl} -s`).stdout).toContain('"tenants":[]');
    const link = /^ +(.*npx switchboard link)$/m.exec(server.stdout)?.[1] ?? '';
    expect(pasted(link).stdout).toMatch(`${url}/#code=`);
  });

  it('hands out a stream’s URL that works, under an issuer of that name', async () => {
    const command = (args: string) => pasted(`DATA_DIR="it's here" npx switchboard ${args}`);
    expect(command('tenant create acme').status).toBe(0);
    const token = command('token create --tenant acme --scope events:read').stdout.trim();
    const headers = { Authorization: `Bearer ${token}` };
    const minting = await fetch(`http://[::1]:${port}/v1/stream-tokens`, { method: 'POST', headers });
    const { url } = (await minting.json()) as { url: string };
    const reader = await StreamReader.open(url);
    await reader.untilType('log.caught_up');
    reader.close();
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iss: string };
    expect(claims.iss).toBe(`http://[::1]:${port}`);
  });

  it('answers the image’s probe, which asks where it is', async () => {
    const probe = (variables: Record<string, string>) =>
      spawnSync(process.execPath, [HEALTHCHECK], { env: { PATH: process.env['PATH'], ...variables } }).status;
    expect(probe({ HOST: '::', PORT: port })).toBe(0);
    expect(probe({ HOST: '::', PORT: String(await freePort()) })).toBe(1);
  });
});
