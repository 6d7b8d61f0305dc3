/**
 * Ports for servers that a test stops and starts again. Below those that the system gives to connections on their way
 * out (from 32768 on, ip(7)): one of those would take the place of a server that is away. Each of the runner's workers
 * has its own.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const FIRST = 20_000;
const SLICE = 1500;
const SLICES = 8;

/** A port of this machine on which nobody listened a moment ago. */
export async function freePort(): Promise<number> {
  const slice = Number(process.env['JEST_WORKER_ID'] ?? 0) % SLICES;
  for (;;) {
    const port = FIRST + slice * SLICE + randomInt(SLICE);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
