/** A client that writes bytes as it likes, and reads or doesn't: for what well-behaved clients don't do. */
import { type Socket, connect } from 'node:net';
import { waitFor } from './wait-for.js';

export class RawClient {
  text = '';
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  static async open(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const client = new RawClient(connect(Number(port), hostname));
    await waitFor(() => client.closed || !client.socket.connecting, 'a connection');
    return client;
  }

  /** A request's head; `headers` as they stand on the wire. */
  static head(method: string, path: string, headers: Record<string, string | number> = {}): string {
    const lines = Object.entries({ Host: 'switchboard.test', ...headers }).map(([name, value]) => `${name}: ${value}`);
    return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Statuses of the answers that have come. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  async until(predicate: (client: this) => unknown, what: string): Promise<void> {
    await waitFor(() => Boolean(predicate(this)), what);
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}
