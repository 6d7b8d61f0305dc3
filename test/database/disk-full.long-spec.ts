/**
 * A disk that is full for real: what could not be stored was not acknowledged, and is stored when there is room again
 * (security rule 25).
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

/** Room for the cluster and its WAL. */
const SIZE = '160m';
const TEXT = 'x'.repeat(50_000);

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const title = 'a full disk: ingest says 503, /readyz why; nothing is lost or doubled';

(isRoot ? it : it.skip)(isRoot ? title : `${title} (skipped: only root can mount a small disk)`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder]);
  chmodSync(folder, 0o755); // As root, PostgreSQL runs as another user, who must get in.
  const server = await EmbeddedPostgres.start(folder);
  await migrate(server.url);
  const board = await Switchboard.start({ DATABASE_URL: server.url });
  try {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const send = async (n: number) =>
      (await board.admin('POST', '/v1/ingest', { ...message(agent, agent, n), note: TEXT + String(Math.random()) }))
        .status;
    const filler = join(folder, 'filler');
    expect(() => {
      for (;;) appendFileSync(filler, Buffer.alloc(1 << 20));
    }).toThrow('ENOSPC');
    let sent = 0;
    await waitFor(async () => {
      const status = await send(sent + 1);
      if (status === 200) sent += 1;
      else expect(status).toBe(503);
      return status === 503;
    }, 'a disk that is full');
    const ready = async () => (await board.request<{ database: { reason?: string } }>('GET', '/readyz')).body.database;
    expect((await waitFor(async () => (await ready()).reason, 'a reason')) ?? '').toMatch(/^disk full/);
    expect(await send(sent + 1)).toBe(503);
    rmSync(filler);
    await waitFor(async () => (await send(sent + 1)) === 200, 'an answer, now that there is room');
    const reader = await board.open('/v1/events?after=0', { token });
    await reader.until(() => reader.of('user.message').length > sent, 'all that was answered');
    expect(reader.of('user.message').map(({ data }) => data['text'])).toEqual(
      Array.from({ length: sent + 1 }, (_, at) => `text ${at + 1}`),
    );
  } finally {
    await board.stop();
    await server.stop();
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});
