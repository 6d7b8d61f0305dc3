import { type AddressInfo, createServer } from 'node:net';
import { PgListener } from '../src/database/pg-listener.js';
import { waitFor } from './support/wait-for.js';

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
