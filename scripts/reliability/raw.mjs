/**
 * What the hostile clients are made of: sockets that write anything and may or may not read, and requests whose answers
 * are only counted.
 */
import { once, setMaxListeners } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Another address than the well-behaved clients': limits per address then affect only these. Only Linux has all of
 * 127.0.0.0/8.
 */
const ADDRESS = process.platform === 'linux' ? '127.0.0.2' : undefined;
/** A client without an answer within this time goes on to its next request. */
const PATIENCE_MS = 10_000;

/** A request in its wire format; `length` is the declared one, however much is sent. */
export function head(method, path, { token, length, type = 'application/json' } = {}) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  if (length !== undefined) lines.push(`Content-Type: ${type}`, `Content-Length: ${length}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** One attack until it is told to stop; after that nothing of it stays open. */
export class Onslaught {
  /** How often each outcome occurred: statuses, `closed`, `error`, … */
  counts = {};
  #sockets = new Set();
  #aborted = new AbortController();
  #loops = [];
  #agent = new Agent({ keepAlive: true });

  constructor({ port, ...given }) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    Object.assign(this, given);
    setMaxListeners(0, this.#aborted.signal);
  }

  get isOver() {
    return this.#aborted.signal.aborted;
  }

  count(what, by = 1) {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  /** A connection on which `text` is written; it reads what comes, or leaves it. */
  open(text, { reads = false } = {}) {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: ADDRESS, noDelay: true });
    this.#sockets.add(socket);
    this.count('connections');
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket) && this.count('closed by the server'));
    if (reads) socket.on('data', (data) => this.#countStatuses(data.toString('latin1')));
    else socket.pause();
    socket.write(text);
    return socket;
  }

  #countStatuses(text) {
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) this.count(status);
  }

  /** Sends a reset instead of an end. */
  reset(socket) {
    this.#sockets.delete(socket);
    socket.resetAndDestroy();
  }

  /** Resolves with the status; 0: no answer. */
  async request(method, path, { token, body, headers = {} } = {}) {
    try {
      const signal = AbortSignal.any([this.#aborted.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const all = {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      };
      const options = { method, agent: this.#agent, headers: all, signal, localAddress: ADDRESS };
      const sent = request(`${this.url}${path}`, options).end(body);
      const [answer] = await once(sent, 'response');
      await once(answer.resume(), 'end');
      this.count(String(answer.statusCode));
      return answer.statusCode;
    } catch {
      if (!this.isOver) this.count('no answer');
      await this.pause(50);
      return 0;
    }
  }

  /** Repeats the request, that many in parallel, `everyMs` apart. */
  loop(step, { times = 1, everyMs = 0 } = {}) {
    const work = async (index) => {
      for (let round = 0; !this.isOver; round += 1) {
        await step(round, index);
        await this.pause(everyMs);
      }
    };
    for (let index = 0; index < times; index += 1) this.#loops.push(work(index));
  }

  pause(ms) {
    return wait(ms, undefined, { signal: this.#aborted.signal }).catch(() => undefined);
  }

  async end() {
    this.#aborted.abort();
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    for (const socket of sockets) socket.destroy();
    await Promise.all(this.#loops);
    this.#agent.destroy();
    return this.counts;
  }
}
