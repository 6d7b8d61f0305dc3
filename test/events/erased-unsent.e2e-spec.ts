import { type Socket, connect } from 'node:net';
import { OpenStreams } from '../../src/events/streams/open-streams.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

it('what waits in the process for a slow reader goes to nobody when its call is erased; the reader resumes', async () => {
  const board = await Switchboard.start();
  const [agent, call] = [fresh('mara'), fresh('call')];
  const { token } = await board.createTenant({ agents: [agent] });
  const calm = await board.open('/v1/events', { token: (await board.createTenant({})).token });
  const socket = await openStuck(board, token);
  let sent = 0;
  const slow = await waitFor(async () => {
    await board.ingest({ ...message(agent, call, sent++), text: `secret ${'x'.repeat(60_000)}` });
    return [...board.app.get(OpenStreams).all].find(({ outlet }) => outlet.queuedBytes > 128 * 1024);
  }, 'bytes that wait');
  expect((await board.admin('DELETE', `/v1/admin/calls/${call}`)).status).toBe(204);
  // What the kernel had by then is out of our hands.
  const taken = slow.outlet.takenBytes;
  let received = 0;
  socket.on('data', (data) => (received += data.length));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  await closed;
  expect(received).toBeLessThanOrEqual(taken);
  const resumed = await board.open('/v1/events?after=0', { token });
  await resumed.untilType('log.caught_up');
  expect(resumed.raw).not.toContain('secret');
  expect(resumed.of('call.erased')).toHaveLength(sent + 1);
  expect(calm.ended).toBe(false);
  await board.stop();
});

/** A reader that has read its greeting, and then nothing. */
async function openStuck(board: Switchboard, token: string): Promise<Socket> {
  const { hostname, port } = new URL(board.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined); // It is meant to be cut.
  socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}
