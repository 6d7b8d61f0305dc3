import { type AddressInfo, createServer } from 'node:net';
import { PgListener } from '../../src/database/pg-listener.js';
import { createDatabase, query } from '../support/database.js';
import { DatabaseWay } from '../support/database-way.js';
import { waitFor } from '../support/wait-for.js';

it('a listener that is still connecting stops at once', async () => {
  let connections = 0;
  const silent = createServer((socket) => {
    connections += 1;
    socket.resume(); // It hears, and says nothing.
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `postgresql://user@127.0.0.1:${(silent.address() as AddressInfo).port}/database`;
  const listener = new PgListener(url, 'channel', { onNotification: () => undefined, onConnected: () => undefined });
  listener.start();
  await waitFor(() => connections === 1, 'its connection');
  await listener.stop();
  await new Promise((resolve) => silent.close(resolve));
}, 5000);

describe('a listener whose connection falls silent', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  beforeAll(async () => (database = await createDatabase()));
  afterAll(() => database.drop());

  function listenerTo(url: string) {
    const heard: string[] = [];
    let connects = 0;
    const onNotification = (payload: string) => void heard.push(payload);
    const listener = new PgListener(url, 'channel', { onNotification, onConnected: () => void (connects += 1) });
    listener.start();
    return { listener, heard, connects: () => connects };
  }
  const notify = (payload: string) => query(database.url, `SELECT pg_notify('channel', $1)`, [payload]);

  it('makes another one when its backend stands still, and hears by that', async () => {
    const { listener, heard, connects } = listenerTo(database.url);
    await waitFor(() => listener.connected, 'its connection');
    const [backend] = await query<{ pid: number }>(
      database.url,
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'switchboard-listen' AND datname = current_database()`,
    );
    process.kill(backend?.pid ?? 0, 'SIGSTOP');
    try {
      await waitFor(() => connects() === 2, 'another connection');
      await notify('after');
      await waitFor(() => heard.includes('after'), 'a notification');
    } finally {
      process.kill(backend?.pid ?? 0, 'SIGCONT');
      await listener.stop();
    }
  });

  it('says so while there is no other, and comes back by itself', async () => {
    const way = await DatabaseWay.to(database.url);
    const { listener, heard } = listenerTo(way.url);
    await waitFor(() => listener.connected, 'its connection');
    way.fallSilent();
    await waitFor(() => !listener.connected, 'word of the silence');
    way.open();
    await waitFor(() => listener.connected, 'another connection');
    await notify('again');
    await waitFor(() => heard.includes('again'), 'a notification');
    await listener.stop();
    way.stop();
  });
});
