/**
 * The clients, in a process of their own, so that the measured CPU is the server's alone. A reader is a raw socket that
 * finds frames in its input; a library would take more CPU than what is measured.
 */
import { connect } from 'node:net';
import { answer } from './commands.mjs';

/** Streams that are being opened at a time. */
const OPENING = 32;
/** The specification allows a space or none. */
const MESSAGE = /event: ?user\.message\n/;
const NUMBER = /\nid: ?(\d+)/;
/** How long a stream may take to open. */
const OPEN_MS = 15_000;

const sockets = new Set();
/** The server has closed some. */
let hasTold = false;
let watch = emptyWatch();

function emptyWatch() {
  return { latenciesUs: [], bytes: 0, outOfOrder: 0 };
}

const nowUs = () => Number(process.hrtime.bigint() / 1000n);

answer({
  /** Opens a stream for every token and answers when all of them are live. */
  async open({ port, tokens, readyMark }) {
    const waiting = tokens.values();
    const work = async () => {
      for (const token of waiting) await openStream(port, token, readyMark);
    };
    await Promise.all(Array.from({ length: OPENING }, work));
  },
  /** Open streams. */
  size() {
    return sockets.size;
  },
  /** Closes the newest streams until `keep` are left. */
  close({ keep }) {
    for (const socket of [...sockets].slice(keep)) {
      sockets.delete(socket);
      socket.destroy();
    }
  },
  /** Forgets what was delivered so far. */
  watch() {
    watch = emptyWatch();
  },
  count() {
    return watch.latenciesUs.length;
  },
  report() {
    const { latenciesUs, bytes, outOfOrder } = watch;
    latenciesUs.sort((one, other) => one - other);
    const meanUs = latenciesUs.reduce((sum, one) => sum + one, 0) / latenciesUs.length;
    const at = (share) => latenciesUs[Math.min(latenciesUs.length - 1, Math.floor(latenciesUs.length * share))];
    return { deliveries: latenciesUs.length, frameBytes: bytes / latenciesUs.length, outOfOrder, meanUs, p50Us: at(0.5), p99Us: at(0.99) };
  },
}); // prettier-ignore

function openStream(port, token, readyMark) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const reader = { rest: '', lastSeq: 0 };
    let opening = '';
    socket.setEncoding('latin1');
    socket.setTimeout(OPEN_MS, () => socket.destroy(new Error(`a stream did not open: ${opening.slice(0, 300)}`)));
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`the server closed a stream: ${opening.slice(0, 300)}`));
      if (!sockets.delete(socket) || hasTold) return;
      hasTold = true;
      process.stderr.write('bench: the server closed open streams\n');
    });
    socket.on('data', function untilReady(text) {
      opening += text;
      if (!opening.includes(readyMark)) return;
      socket.off('data', untilReady);
      opening = '';
      socket.setTimeout(0);
      socket.on('data', (more) => take(reader, more));
      sockets.add(socket);
      resolve();
    });
    socket.write(
      `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
  });
}

/** A frame is one chunk of the body, so a chunk's length stands before it, never within. */
function take(reader, text) {
  const receivedUs = nowUs();
  let frames = reader.rest + text;
  for (let end = frames.indexOf('\n\n'); end >= 0; end = frames.indexOf('\n\n')) {
    const start = frames.search(MESSAGE);
    if (start >= 0 && start < end) count(reader, frames.slice(start, end + 2), receivedUs);
    frames = frames.slice(end + 2);
  }
  reader.rest = frames;
}

function count(reader, frame, receivedUs) {
  const seq = Number(NUMBER.exec(frame)?.[1]);
  if (reader.lastSeq > 0 && seq !== reader.lastSeq + 1) watch.outOfOrder += 1;
  reader.lastSeq = seq;
  watch.latenciesUs.push(receivedUs - parseInt(frame.slice(frame.indexOf('"sentUs":') + 9), 10));
  watch.bytes += frame.length;
}
