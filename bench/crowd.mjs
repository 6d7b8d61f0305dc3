/**
 * Clients that are many, far behind, or do not read: a separate process, which inspects what it receives as little as
 * possible.
 */
import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answer } from './commands.mjs';

const sockets = new Set();
const END_MARK = 'event: log.caught_up';
/** The bytes that are searched for the mark. */
const TAIL = 400;

answer({
  /** Opens a stream for every token, evenly over `forMs`, whether or not the last ones are answered. Times in ms. */
  async flood({ port, tokens, forMs, limitMs }) {
    const startedAt = performance.now();
    const answers = [];
    while (answers.length < tokens.length) {
      const due = ((performance.now() - startedAt) / forMs) * tokens.length;
      while (answers.length < Math.min(due, tokens.length)) answers.push(firstByte(port, tokens[answers.length]));
      await wait(1);
    }
    const offeredMs = performance.now() - startedAt;
    const limit = wait(limitMs, undefined, { ref: false }).then(() => 'late');
    const times = await Promise.all(answers.map((one) => Promise.race([one, limit])));
    const answered = times.filter(Number.isFinite).sort((one, other) => one - other);
    const at = (share) => answered[Math.min(answered.length - 1, Math.floor(answered.length * share))];
    return { answered: answered.length, offeredMs, allMs: performance.now() - startedAt, p50Ms: at(0.5), p99Ms: at(0.99) };
  },
  /** Reads the whole log once for every token, all at the same time. `file`: the first one's body is kept there. */
  async drain({ port, path, tokens, file }) {
    const startedAt = performance.now();
    const bytes = await Promise.all(tokens.map((token, index) => drainOne(port, path, token, index === 0 && file)));
    return { bytes: bytes.reduce((sum, one) => sum + one, 0), tookMs: performance.now() - startedAt };
  },
  /** Opens streams and stops reading them once they are live. */
  async stall({ port, tokens }) {
    for (const token of tokens) {
      await new Promise((resolve, reject) => {
        const socket = open(port, token, '/v1/events');
        let text = '';
        socket.on('error', reject);
        socket.on('data', (more) => {
          text += more.toString('latin1');
          if (!text.includes(END_MARK)) return;
          socket.pause();
          resolve();
        });
      });
    }
  },
  close() {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  },
}); // prettier-ignore

function open(port, token, path) {
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.add(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return socket;
}

/** Time to the first byte of a stream's answer, in ms; `'refused'` for any status but 200. */
function firstByte(port, token) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const socket = open(port, token, '/v1/events');
    socket.on('error', () => resolve('refused'));
    socket.once('data', (text) =>
      resolve(text.toString('latin1', 0, 12) === 'HTTP/1.1 200' ? performance.now() - startedAt : 'refused'),
    );
  });
}

function drainOne(port, path, token, file) {
  const kept = file ? createWriteStream(file) : undefined;
  return new Promise((resolve, reject) => {
    const socket = open(port, token, path);
    let bytes = 0;
    let tail = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`a stream ended after ${bytes} bytes: ${String(tail)}`)));
    socket.on('data', (buffer) => {
      bytes += buffer.length;
      kept?.write(buffer);
      tail = (buffer.length < TAIL ? Buffer.concat([tail, buffer]) : buffer).subarray(-TAIL);
      if (!tail.includes(END_MARK)) return;
      socket.removeAllListeners('close').destroy();
      if (kept) kept.end(() => resolve(bytes));
      else resolve(bytes);
    });
  });
}
