// A balancer's connections: a POST on each, then idle for so long as balancers keep them, then another one. What the
// server has closed meanwhile, or closes in that moment, is a reset at the balancer, which must not send a POST twice.
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const CONNECTIONS = 240;
/** Without a token: 401 is an answer. */
const POST = 'POST /v1/ingest HTTP/1.1\r\nHost: switchboard\r\nContent-Length: 0\r\n\r\n';
const ANSWER_MS = 10_000;

export async function postAfterIdling(port, idleSeconds) {
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(sockets.map(post));
  await wait(idleSeconds * 1000);
  const answers = await Promise.all(sockets.map(post));
  for (const socket of sockets) socket.destroy();
  return { failed: answers.filter((isAnswered) => !isAnswered).length, of: CONNECTIONS };
}

function post(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ANSWER_MS);
    socket.once('data', (text) => (clearTimeout(timer), resolve(String(text).startsWith('HTTP/1.1 401 '))));
    socket.once('close', () => (clearTimeout(timer), resolve(false)));
    if (socket.destroyed || socket.readableEnded) resolve(false);
    else socket.write(POST);
  });
}
