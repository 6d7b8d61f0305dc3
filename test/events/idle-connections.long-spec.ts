/** Connections that nobody uses just now: kept for longer than a balancer keeps its own, and only so many. */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sockets } from '../../src/http/sockets.js';
import { RawClient } from '../support/raw-client.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

it('an answer says that the connection is kept for longer than any balancer keeps it, and so it is', async () => {
  const board = await Switchboard.start();
  const { headers } = await board.request('GET', '/healthz');
  expect(Number(/timeout=(\d+)/.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(610);
  await board.stop();
});

it('beyond so many those go that were used longest ago, whoever is served', async () => {
  const sockets = new Sockets(2);
  const waiting: ServerResponse[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    sockets.begin(response);
    sockets.recognise(request.socket);
    if (request.url === '/slow') waiting.push(response);
    else response.end('ok');
  });
  sockets.watch(server, () => false);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(url)));
  for (const [index, client] of clients.entries()) {
    client.send(RawClient.head('GET', index === 0 ? '/slow' : '/'));
    if (index > 0) await client.until(({ text }) => text.includes('ok'), 'an answer');
  }
  const isOpen = () => clients.map(({ socket }) => !socket.destroyed);
  await waitFor(() => isOpen().filter(Boolean).length === 3, 'the bound');
  expect(isOpen()).toEqual([true, false, false, true, true]);
  waiting[0]?.end('ok');
  for (const client of clients) client.reset();
  server.close();
  await once(server, 'close');
});
