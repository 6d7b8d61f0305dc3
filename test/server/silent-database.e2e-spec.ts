import { createDatabase } from '../support/database.js';
import { DatabaseWay } from '../support/database-way.js';
import { RawClient } from '../support/raw-client.js';
import { Installation } from '../support/server-process.js';
import { StreamReader } from '../support/stream-reader.js';
import { waitFor } from '../support/wait-for.js';

it('a process stops when it is told to, also when its database answers nothing', async () => {
  const database = await createDatabase();
  const way = await DatabaseWay.to(database.url);
  const home = await Installation.create({ DATABASE_URL: way.url, SOURCES: 'none', DRAIN_SECONDS: '1' });
  try {
    const server = await home.start();
    const reader = await StreamReader.open(`${home.url}/v1/admin/events`, { token: home.read('admin-token') });
    await reader.untilType('log.caught_up');
    way.fallSilent();
    const client = await RawClient.open(home.url);
    client.send(RawClient.head('GET', '/v1/admin/tenants', { Authorization: `Bearer ${home.read('admin-token')}` }));
    // What comes to the server after it is answered: so it is under way.
    expect((await fetch(`${home.url}/healthz`)).status).toBe(200);
    const exit = await server.stopBy('SIGTERM');
    expect(exit).toMatchObject({ code: 0, signal: null });
    await reader.untilType('stream.closing');
  } finally {
    way.stop();
    await home.remove();
    await database.drop();
  }
});

it('a start waits for a database that does not answer yet', async () => {
  const database = await createDatabase();
  const way = await DatabaseWay.to(database.url);
  const home = await Installation.create({ DATABASE_URL: `${way.url}&connect_timeout=1`, SOURCES: 'none' });
  way.fallSilent();
  try {
    const server = home.spawn();
    await waitFor(() => server.output.includes('does not answer yet') || !server.alive, 'word of the wait', 30_000);
    expect(server.output).toContain('the database does not answer yet');
    way.open();
    await server.ready();
    expect(await server.stopBy('SIGTERM')).toMatchObject({ code: 0 });
  } finally {
    way.stop();
    await home.remove();
    await database.drop();
  }
});
