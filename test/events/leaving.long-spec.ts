/**
 * A process that balancers find only by asking it now and then is told to stop: it says so first, and serves until they
 * have heard.
 */
import { createDatabase } from '../support/database.js';
import { Installation } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { waitFor } from '../support/wait-for.js';

it('with LEAVE_SECONDS a process says 503 to /readyz alone, then goodbye', async () => {
  const database = await createDatabase();
  const home = await Installation.create({ DATABASE_URL: database.url, SOURCES: 'none', LEAVE_SECONDS: '2' });
  const readers: StreamReader[] = [];
  const open = async () => {
    const reader = await StreamReader.open(`${home.url}/v1/admin/events`, { token: home.read('admin-token') });
    readers.push(reader);
    await reader.untilType('log.caught_up');
    return reader;
  };
  try {
    const server = await home.start();
    const before = await open();
    server.signal('SIGTERM');
    await waitFor(async () => (await fetch(`${home.url}/readyz`)).status === 503, 'word that it leaves');
    const late = await open();
    expect([before.ended, late.status, late.of('stream.closing').length]).toEqual([false, 200, 0]);
    for (const reader of [before, late]) await reader.untilType('stream.closing');
    expect(await server.exited).toMatchObject({ code: 0 });
  } finally {
    for (const reader of readers) reader.close();
    await home.remove();
    await database.drop();
  }
});
