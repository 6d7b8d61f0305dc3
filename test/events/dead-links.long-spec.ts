import { connect } from 'node:net';
import { SilentLinks } from '../../src/events/streams/dead-links.js';
import { OpenStreams } from '../../src/events/streams/open-streams.js';
import { parseTcpTable, readTcpTable } from '../../src/events/streams/tcp-table.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

/**
 * As Linux writes it: a listener, one that answers, one that was sent the same five times, one over IPv6, one that is
 * closing.
 */
const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21001 1 0000000000000000 100 0 0 10 0
   1: 014712C6:0BB8 014812C6:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 21002 1 0000000000000000 20 4 30 10 -1
   2: 014712C6:0BB8 014812C6:D2F2 01 00000A9C:00000000 01:00000118 00000005     0        0 21003 2 0000000000000000 640 4 30 1 7
   3: 0000000000000000FFFF0000014712C6:0BB8 B80D0120000000000000000001000000:C001 01 00000A9C:00000000 01:00000118 0000000B     0        0 21004 2 0000000000000000 640 4 30 1 7
   4: 014712C6:0BB8 014812C6:D2F4 04 00000A9C:00000000 01:00000118 00000005     0        0 21005 2 0000000000000000 640 4 30 1 7
`;

it('the kernel’s table says which connections leave unanswered what they are sent', () => {
  expect([...parseTcpTable(TABLE)]).toEqual([
    ['3000 198.18.72.1 54002', 5],
    ['3000 2001:db8::1 49153', 11],
  ]);
});

it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('it names a stream’s connection as we do: %s', async (host) => {
  const board = await Switchboard.start();
  const server = board.app.getHttpServer();
  await new Promise<void>((closed) => server.close(() => closed()));
  await new Promise<void>((listening) => server.listen(0, host === '127.0.0.1' ? host : '::', listening));
  const socket = connect((server.address() as { port: number }).port, host === '::1' ? host : '127.0.0.1');
  socket.write(`GET /v1/admin/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${board.adminToken}\r\n\r\n`);
  const { all } = board.app.get(OpenStreams);
  const [connection] = await waitFor(() => all.size > 0 && [...all], 'the stream');
  expect(connection?.outlet.link).toContain(` ${host} `);
  expect([...(await readTcpTable(0)).keys()]).toContain(connection?.outlet.link);
  socket.destroy();
  await board.stop();
});

it('who answers nothing for 18 s is found, who answers in between is not', () => {
  const silentLinks = new SilentLinks();
  const looks = [1, 3, 4, 5, 6].map((times, index) => {
    const answersOnce = index === 3 ? 1 : times;
    return [...silentLinks.look(new Map([['gone', times], ['tunnel', answersOnce], ...(index === 2 ? [] : [['lossy', 2] as const])]), index * 5000)]; // prettier-ignore
  });
  expect(looks).toEqual([[], [], [], [], ['gone']]);
  expect([...silentLinks.look(new Map(), 25_000)]).toEqual([]);
  expect([...silentLinks.look(new Map([['gone', 7]]), 30_000)]).toEqual([]);
});
