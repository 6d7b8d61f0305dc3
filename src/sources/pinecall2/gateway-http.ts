/**
 * Connections to one gateway. With HTTP/2, many streams share a socket. Without it each stream has a keep-alive socket
 * of its own, and {@link GatewayHttp.maxStreams} limits how many there are.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type TLSSocket, connect as connectTls } from 'node:tls';
import { type Answer, SessionPool } from './session-pool.js';

/** How long a gateway may take to accept the connection. */
const HANDSHAKE_MS = 15_000;
/** Open streams over HTTP/1.1, each with a socket; further logs are read in pages. */
const MAX_SOCKETS = 256;
/** Sockets beside them, for pages and lists. */
const SPARE_SOCKETS = 16;
/** Open streams over HTTP/2: more than the calls in progress of any org. */
const MAX_MULTIPLEXED = 4000;

export class GatewayHttp {
  private readonly url: URL;
  private readonly agent: HttpAgent;
  /** Whether the gateway speaks HTTP/2; undefined until it was asked. */
  private multiplexed: Promise<SessionPool | undefined> | undefined;
  private isMultiplexed = false;

  /** `ca`: authorities beside the system's, as PEM. */
  constructor(
    origin: string,
    private readonly ca?: string,
  ) {
    this.url = new URL(origin);
    const settings = { keepAlive: true, maxSockets: MAX_SOCKETS + SPARE_SOCKETS, maxFreeSockets: SPARE_SOCKETS };
    this.agent = this.isTls
      ? new HttpsAgent({ ...settings, ...(ca !== undefined && { ca }) })
      : new HttpAgent(settings);
  }

  /** Streams that may be open at once. */
  get maxStreams(): number {
    return this.isMultiplexed ? MAX_MULTIPLEXED : MAX_SOCKETS;
  }

  /**
   * Resolves with the head of the answer; the body is the caller's to read, and to destroy when it stops before the
   * end.
   */
  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: string,
  ): Promise<Answer> {
    const pool = await this.pool(signal);
    if (pool) return pool.request(method, path, headers, signal, body);
    return this.requestAlone(method, path, headers, signal, body);
  }

  async close(): Promise<void> {
    this.agent.destroy();
    (await this.multiplexed?.catch(() => undefined))?.close();
  }

  private get isTls(): boolean {
    return this.url.protocol === 'https:';
  }

  /** Found out with the first socket; a gateway that did not answer is asked again. */
  private async pool(signal: AbortSignal): Promise<SessionPool | undefined> {
    if (!this.isTls) return undefined;
    const asked = (this.multiplexed ??= this.negotiate());
    const pool = await asked.catch((error: unknown) => {
      if (this.multiplexed === asked) this.multiplexed = undefined;
      throw error;
    });
    this.isMultiplexed = pool !== undefined;
    signal.throwIfAborted();
    return pool;
  }

  private async negotiate(): Promise<SessionPool | undefined> {
    const socket = await this.connect();
    if (socket.alpnProtocol === 'h2') return new SessionPool(this.url.origin, () => this.connect(), socket);
    socket.destroy();
    return undefined;
  }

  private connect(): Promise<TLSSocket> {
    const { hostname, port } = this.url;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const trusted = this.ca === undefined ? {} : { ca: this.ca };
    return new Promise((resolve, reject) => {
      const protocols = { ALPNProtocols: ['h2', 'http/1.1'] };
      const socket = connectTls({ host, port: Number(port || 443), ...servername, ...trusted, ...protocols });
      socket.setTimeout(HANDSHAKE_MS, () => socket.destroy(new Error(`no connection in ${HANDSHAKE_MS} ms`)));
      socket.once('secureConnect', () => {
        socket.setTimeout(0);
        socket.off('error', reject);
        socket.on('error', () => undefined); // Its user by then hears of its end.
        resolve(socket);
      });
      socket.once('error', reject);
    });
  }

  private requestAlone(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body: string | undefined,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const send = this.isTls ? httpsRequest : httpRequest;
      const request = send(new URL(path, this.url), { method, headers: { ...headers }, agent: this.agent, signal });
      request.once('response', (response) => {
        response.on('error', () => undefined); // A reader hears of the error; one that has read enough ignores it.
        resolve({
          status: response.statusCode ?? 0,
          header: (name) => {
            const value = response.headers[name];
            return Array.isArray(value) ? value[0] : value;
          },
          body: response,
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}
