/** Connections to a gateway over HTTP/2: each one ends with the source, whenever the source is stopped. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type Http2SecureServer, type ServerHttp2Session, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayHttp } from '../../src/sources/pinecall2/gateway-http.js';
import { makeCertificate } from '../support/certificate.js';
import { waitFor } from '../support/wait-for.js';

let folder: string;
let server: Http2SecureServer;
let http: GatewayHttp;
const sessions = new Set<ServerHttp2Session>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  const { authority, cert, key } = makeCertificate(folder);
  server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  server.on('stream', (stream) => stream.respond({ ':status': 200 }, { endStream: true }));
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  http = new GatewayHttp(`https://127.0.0.1:${port}`, readFileSync(authority, 'utf8'));
});

afterEach(async () => {
  await http.close();
  for (const session of sessions) session.destroy();
  server.close();
  rmSync(folder, { recursive: true });
});

const ask = (signal: AbortSignal) => http.request('GET', '/', {}, signal);

it('a connection that was agreed on while its source stopped is closed', async () => {
  const stop = new AbortController();
  const asked = ask(stop.signal);
  stop.abort(new Error('stopped'));
  await expect(asked).rejects.toThrow('stopped');
  await waitFor(() => sessions.size === 1);
  await http.close();
  await waitFor(() => sessions.size === 0);
});

it('a connection that is used again after an aborted request is the same one', async () => {
  const stop = new AbortController();
  const asked = ask(stop.signal);
  stop.abort(new Error('stopped'));
  await expect(asked).rejects.toThrow('stopped');
  expect((await ask(new AbortController().signal)).status).toBe(200);
  expect(sessions.size).toBe(1);
});
