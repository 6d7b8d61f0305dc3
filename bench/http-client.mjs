/**
 * The smallest client that can POST over kept-alive connections, so that the load generator takes little of the CPU
 * that it shares with the measured server. It understands only answers with a Content-Length.
 */
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** One connection; one request at a time. */
class Connection {
  #socket;
  #received = '';
  #waiting;

  constructor(port, onFailure) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text) => this.#take(text));
    const fail = (error) => {
      onFailure(error);
      this.#waiting?.reject(error);
    };
    this.#socket.on('error', fail);
    this.#socket.on('close', () => fail(new Error('the server closed an ingest connection')));
  }

  request(text) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(text);
    });
  }

  end() {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #take(text) {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(length)) throw new Error(`an answer without a Content-Length: ${head}`);
    if (this.#received.length < headEnd + HEAD_END.length + length) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.#received.slice(headEnd + HEAD_END.length) };
    this.#received = '';
    this.#waiting?.resolve(answer);
  }
}

/** Connections to one server's ingest; a request takes a free one, or waits for one. */
export class IngestClient {
  #idle = [];
  #all = [];
  #queue = [];
  #head;
  #failure;

  constructor({ port, ingestPort = port, ingestToken }, connections) {
    this.#head =
      'POST /v1/ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n' +
      `Authorization: Bearer ${ingestToken}\r\nContent-Length: `;
    for (let count = 0; count < connections; count += 1) {
      this.#all.push(new Connection(ingestPort, (error) => this.#fail(error)));
    }
    this.#idle = [...this.#all];
  }

  /** Posts NDJSON; resolves when the answer is in. Rejects on anything but "every event accepted". */
  async post(body, events) {
    if (this.#failure) throw this.#failure;
    // The longest idle one: the server closes those that are idle for 5 s.
    const connection =
      this.#idle.shift() ?? (await new Promise((resolve, reject) => this.#queue.push({ resolve, reject })));
    const { status, body: answer } = await connection.request(
      `${this.#head}${Buffer.byteLength(body)}${HEAD_END}${body}`,
    );
    const next = this.#queue.shift();
    if (next) next.resolve(connection);
    else this.#idle.push(connection);
    if (status !== 200 || !answer.includes(`"accepted":${events}`)) {
      throw new Error(`ingest answered ${status} ${answer.slice(0, 300)}`);
    }
  }

  end() {
    for (const connection of this.#all) connection.end();
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}
