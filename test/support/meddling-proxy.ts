/** What stands between operators and servers: a reverse proxy that does one thing wrong. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type ServerResponse, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';

export interface Meddling {
  /** Sends an answer only when it is whole. */
  readonly buffers?: boolean;
  readonly compresses?: boolean;
  readonly eatsComments?: boolean;
  /** Request headers that do not get through. */
  readonly strips?: readonly string[];
  /** Answer headers in place of the server's. */
  readonly answers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

export interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

export async function startProxy(target: string | (() => string), meddling: Meddling = {}): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    if (meddling.status !== undefined) return void outgoing.writeHead(meddling.status).end('<h1>Not here</h1>');
    const headers: IncomingHttpHeaders = { ...incoming.headers };
    for (const name of meddling.strips ?? []) delete headers[name];
    const base = typeof target === 'string' ? target : target();
    const onward = request(`${base}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
      const isStream = answer.headers['content-type'] === 'text/event-stream';
      const answered = { ...answer.headers, ...meddling.answers };
      if (!isStream) {
        outgoing.writeHead(answer.statusCode ?? 502, answered);
        answer.pipe(outgoing);
      } else pass(answer, outgoing, answer.statusCode ?? 502, answered, meddling);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(
  stream: NodeJS.ReadableStream,
  outgoing: ServerResponse,
  status: number,
  headers: IncomingHttpHeaders,
  { buffers, compresses, eatsComments }: Meddling,
): void {
  if (buffers) {
    outgoing.writeHead(status, headers);
    outgoing.flushHeaders();
    const held: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => held.push(chunk)).on('end', () => outgoing.end(Buffer.concat(held)));
  } else if (compresses) {
    outgoing.writeHead(status, { ...headers, 'content-encoding': 'gzip' });
    const gzip = createGzip();
    gzip.pipe(outgoing);
    stream.on('data', (chunk: Buffer) => gzip.write(chunk) && gzip.flush());
  } else if (eatsComments) {
    outgoing.writeHead(status, headers);
    const eat = (chunk: Buffer) => outgoing.write(chunk.toString().replace(/^:.*\n\n/gm, ''));
    stream.on('data', eat);
  } else {
    outgoing.writeHead(status, headers);
    stream.pipe(outgoing);
  }
}
