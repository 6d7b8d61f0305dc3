/**
 * A minimal reader of an event stream: a raw socket that hands out frames. A library would cost more than what is
 * measured.
 */
import { connect } from 'node:net';

/**
 * @param {{port: number, host?: string, token: string, lastEventId?: string, query?: string}} where
 * @param {(frame: string) => void} onFrame  each frame with its fields, and the chunk's length before it
 * @returns {import('node:net').Socket} closed or destroyed by whoever opened it
 */
export function openStream({ port, host = '127.0.0.1', token, lastEventId, query = '' }, onFrame) {
  const socket = connect({ port, host, noDelay: true });
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) onFrame(frame);
  });
  const resume = lastEventId === undefined ? '' : `Last-Event-ID: ${lastEventId}\r\n`;
  socket.write(
    `GET /v1/events${query} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n${resume}\r\n`,
  );
  return socket;
}

/** Resolves with an open stream once it is live; rejects when it ends before. */
export function openLiveStream(where, onFrame = () => undefined) {
  return new Promise((resolve, reject) => {
    const socket = openStream(where, (frame) => {
      onFrame(frame);
      if (frame.includes('event: log.caught_up')) resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('a stream ended before it was live')));
  });
}
