import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Installation } from './support/server-process.js';
import { waitFor } from './support/wait-for.js';

/** Process ids of all that the test's server has started and that still run. */
async function workersOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,args=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/, 3));
  return rows
    .filter(([, parent, command]) => Number(parent) === pid && command?.includes('node'))
    .map(([id]) => Number(id));
}

it('a SIGTERM to the primary alone ends all of them', async () => {
  const home = await Installation.create({ WORKERS: '2', SOURCES: 'none' });
  try {
    const server = await home.start();
    const workers = await waitFor(async () => {
      const pids = await workersOf(server.pid);
      return pids.length === 2 && pids;
    }, 'two workers');
    expect(await server.stopBy('SIGTERM')).toMatchObject({ code: 0 });
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(server.stderr).toBe('');
  } finally {
    await home.remove();
  }
}, 60_000);
