import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createParser } from 'eventsource-parser';
import { query } from '../support/database.js';
import { type Exit, Installation, ServerProcess } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { waitFor } from '../support/wait-for.js';
/**
 * Told to stop, it is gone in 0.2 s; initdb, where it is under way, first finishes its step. Longer than this is a
 * hang, not a busy machine.
 */
const HANGS_MS = 10_000;

interface LogPage {
  readonly events: { readonly id: string; readonly type: string; readonly data: Record<string, unknown> }[];
}

async function get<Body>(home: Installation, path: string, token: string): Promise<Body> {
  const response = await fetch(`${home.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

const logOf = (home: Installation, tenant: string) =>
  get<LogPage>(home, '/v1/log?after=0&limit=50', home.read(`${tenant}-token`));

async function openStreams(home: Installation, count: number): Promise<StreamReader[]> {
  const tokens = ['acme', 'globex'].map((tenant) => home.read(`${tenant}-token`));
  const readers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      StreamReader.open(`${home.url}/events?after=0`, { token: tokens[index % 2] ?? '' }),
    ),
  );
  for (const reader of readers) await reader.untilType('log.caught_up');
  return readers;
}

/** Runs a line as pasted into a shell, where the server was started, until the stream has brought so many events. */
async function pasted(line: string, cwd: string, count: number): Promise<Record<string, unknown>[]> {
  const frames: Record<string, unknown>[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) =>
      frames.push({ type: event, received: performance.now(), ...(JSON.parse(data) as object) }),
  });
  const shell = spawn('sh', ['-c', line], { cwd, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  shell.stdout.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
  try {
    await waitFor(() => frames.length >= count, `${count} events by: ${line}`, 15_000);
  } finally {
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
  }
  return frames;
}

function expectCleanExit({ code, tookMs }: Exit, server: ServerProcess): void {
  expect({ code, stderr: server.stderr }).toEqual({ code: 0, stderr: '' });
  expect(tookMs).toBeLessThan(HANGS_MS);
}

describe('without any configuration', () => {
  let home: Installation;
  let first: ServerProcess;
  let adminToken: string;
  beforeAll(async () => {
    home = await Installation.create();
    first = await home.start();
    await waitFor(() => first.stdout.includes('as the operator'), 'the welcome');
    adminToken = home.read('admin-token');
  });
  afterAll(() => home.remove());

  it('is a demo: each of two tenants has a line to paste that shows its own agents within seconds', async () => {
    await home.running();
    const lines = first.stdout.match(/curl -N .*\/events$/gm) ?? [];
    expect(lines).toHaveLength(2);
    const pastedAt = performance.now();
    const [acme = [], globex = []] = await Promise.all(lines.map((line) => pasted(line, home.folder, 12)));
    for (const [tenant, agents, frames] of [
      ['acme', ['lucia', 'mara'], acme],
      ['globex', ['julia', 'sol'], globex],
    ] as const) {
      expect(frames[0]).toMatchObject({ type: 'connected', tenant, agents });
      const events = frames.filter(({ agent }) => agent !== undefined);
      expect(events.length).toBeGreaterThan(5);
      expect(agents).toEqual(expect.arrayContaining([...new Set(events.map(({ agent }) => agent))]));
      expect(Number(events[0]?.['received']) - pastedAt).toBeLessThan(5000);
    }
    const callsOf = (frames: Record<string, unknown>[]) => new Set(frames.flatMap(({ callId }) => callId ?? []));
    expect([...callsOf(acme)].filter((call) => callsOf(globex).has(call))).toEqual([]);
  });

  it('prints, before anything to paste, a link for each customer and the operator, which works once', async () => {
    await home.running();
    const lines = first.stdout.split('\n');
    const links = lines.flatMap((line) => /^ {2}(\w+) +(\S+)#code=(\S+)$/.exec(line)?.slice(1, 4) ?? []);
    expect(lines.findIndex((line) => line.includes('#code='))).toBeLessThan(
      lines.findIndex((line) => line.includes('curl')),
    );
    const headers = { 'Content-Type': 'application/json' };
    for (const [who, tenant] of [
      ['acme', 'acme'],
      ['globex', 'globex'],
      ['operator', null],
    ] as const) {
      const index = links.indexOf(who);
      expect(links[index + 1]).toBe(`${home.url}/`);
      const body = JSON.stringify({ code: links[index + 2] });
      const [signedIn, again] = [
        await fetch(`${home.url}/v1/session/code`, { method: 'POST', headers, body }),
        await fetch(`${home.url}/v1/session/code`, { method: 'POST', headers, body }),
      ];
      expect([signedIn.status, again.status]).toEqual([201, 401]);
      expect(await signedIn.json()).toMatchObject({ tenant });
    }
  });

  it('gives the first call of every owned agent to its owner', async () => {
    await home.running();
    const rows = await waitFor(async () => {
      const found = await query<{ agent: string; tenant_id: string | null }>(
        home.postgresUrl,
        `SELECT DISTINCT agent, tenant_id FROM events WHERE agent <> 'nora' ORDER BY agent`,
      );
      return new Set(found.map(({ agent }) => agent)).size === 4 && found;
    }, 'calls of all four agents');
    expect(rows.map(({ agent, tenant_id }) => [agent, tenant_id])).toEqual([
      ['julia', 'globex'],
      ['lucia', 'acme'],
      ['mara', 'acme'],
      ['sol', 'globex'],
    ]);
  });

  it('keeps its secrets for its owner’s eyes: where no terminal is, none is shown, but where they are', async () => {
    await home.running();
    expect(first.stdout).toContain('Admin token: in .switchboard/admin-token, mode 0600;');
    for (const file of ['admin-token', 'acme-token', 'globex-token', 'postgres-password']) {
      expect([file, statSync(join(home.dataDir, file)).mode & 0o777]).toEqual([file, 0o600]);
      expect(first.output).not.toContain(home.read(file));
    }
    const { tenants } = await get<{ tenants: { tenant: string }[] }>(home, '/v1/admin/tenants', adminToken);
    expect(tenants.map(({ tenant }) => tenant).sort()).toEqual(['acme', 'globex']);
    expect(first.stderr).toBe('');
  });

  it('finds tenants, tokens and events again at the next start', async () => {
    const before = await home.running();
    const state = async () => ({
      tenants: await get(home, '/v1/admin/tenants', adminToken),
      agents: await get(home, '/v1/admin/agents/mara/owners', adminToken).catch(() => null),
      files: ['admin-token', 'acme-token', 'globex-token'].map((file) => home.read(file)),
    });
    const [stateBefore, logBefore] = [await state(), await logOf(home, 'acme')];
    expect(logBefore.events.length).toBeGreaterThan(0);
    expectCleanExit(await before.stopBy('SIGINT'), before);
    const again = await home.start();
    expect(await state()).toEqual(stateBefore);
    expect((await logOf(home, 'acme')).events.slice(0, logBefore.events.length)).toEqual(logBefore.events);
    await waitFor(() => again.stdout.includes('curl -N'), 'the welcome');
    expect(again.output).not.toContain(adminToken);
    expect(again.stdout).not.toContain('mode 0600');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends by %s, PostgreSQL included, and says goodbye to open streams',
    async (signal) => {
      const server = await home.running();
      const readers = await openStreams(home, 10);
      expectCleanExit(await server.stopBy(signal), server);
      for (const reader of readers) {
        await reader.until(() => reader.ended, 'the end of the stream');
        expect(reader.frames.at(-1)).toMatchObject({ type: 'stream.closing', data: { type: '/problems/unavailable' } });
      }
      await home.postgresGone();
    },
  );

  it('ends by Ctrl-C in a terminal, which reaches every process of the group', async () => {
    const server = await home.running();
    const readers = await openStreams(home, 2);
    server.signalGroup('SIGINT');
    expectCleanExit(await server.exited, server);
    for (const reader of readers) expect(reader.of('stream.closing')).toHaveLength(1);
    await home.postgresGone();
  });

  it('adopts the PostgreSQL that a kill -9 left behind', async () => {
    const server = await home.running();
    const before = await logOf(home, 'globex');
    const postgres = await home.postgresPids();
    await server.kill9();
    expect(await home.postgresPids()).toEqual(postgres);
    const again = await home.start();
    expect(await home.postgresPids()).toEqual(postgres);
    expect((await logOf(home, 'globex')).events.slice(0, before.events.length)).toEqual(before.events);
    expectCleanExit(await again.stopBy('SIGINT'), again);
    await home.postgresGone();
  });

  it('recovers after a kill -9 of PostgreSQL too, with its pid file left behind', async () => {
    const server = await home.running();
    const before = await logOf(home, 'globex');
    await Promise.all([server.kill9(), home.killPostgres()]);
    expect(existsSync(join(home.dataDir, 'postgres/postmaster.pid'))).toBe(true);
    await home.start();
    expect((await logOf(home, 'globex')).events.slice(0, before.events.length)).toEqual(before.events);
  });

  it('starts its PostgreSQL again when that was killed, where it was, and goes on', async () => {
    const server = await home.running();
    const before = await logOf(home, 'globex');
    const { postgresUrl } = home;
    await home.killPostgres();
    await waitFor(async () => (await home.postgresPids()).length > 0, 'PostgreSQL again');
    const after = await waitFor(async () => {
      const log = await logOf(home, 'globex').catch(() => undefined); // It is away, or asked too often.
      return log !== undefined && log.events.length > before.events.length ? log : undefined;
    }, 'more events than before');
    expect(home.postgresUrl).toBe(postgresUrl);
    expect(after.events.slice(0, before.events.length)).toEqual(before.events);
    expect(server.alive).toBe(true);
  });

  it('ends by Ctrl-C also while its PostgreSQL is started again', async () => {
    const server = await home.running();
    await home.killPostgres();
    await waitFor(async () => (await home.postgresPids()).length > 0, 'PostgreSQL that starts');
    server.signalGroup('SIGINT');
    const { code, tookMs } = await server.exited;
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(HANGS_MS);
    await home.postgresGone();
  });

  it('stops also when its PostgreSQL is gone', async () => {
    const server = await home.running();
    const readers = await openStreams(home, 2);
    await home.killPostgres();
    const { code, tookMs } = await server.stopBy('SIGINT');
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(HANGS_MS);
    for (const reader of readers) expect(reader.of('stream.closing')).toHaveLength(1);
  });

  it('lets a second server share the PostgreSQL, and the last one out stops it', async () => {
    const server = await home.running();
    const other = await Installation.create({ DATA_DIR: home.dataDir });
    try {
      const second = await other.start();
      expectCleanExit(await server.stopBy('SIGINT'), server);
      expect(await home.postgresPids()).toHaveLength(1);
      expectCleanExit(await second.stopBy('SIGINT'), second);
      await home.postgresGone();
    } finally {
      await other.remove();
    }
  });
});
