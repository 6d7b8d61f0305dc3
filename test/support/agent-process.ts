/**
 * A double of the process that runs Pinecall's agents: a real server with wire A on `/events` and wire B on
 * `/ws/events`, which says what the recordings say. As upstream, it has no replay: a frame goes to whoever is connected
 * when the test has it sent, and a reader that comes back gets what comes after.
 */
import { IncomingMessage, Server, ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { nextTurn, pieces } from './pieces.js';
import { sseFrames, wsFrames } from './recordings.js';

export interface AgentProcessOptions {
  /** Required as Bearer, when given. */
  readonly token?: string;
  /** Bytes are sent in pieces of so many, wherever that cuts: inside a frame, inside a character. */
  readonly pieceBytes?: number;
}

interface Refusal {
  readonly status: number;
  readonly contentType: string;
}

export class AgentProcess {
  /** Connections accepted since the start, on both wires. */
  accepted = 0;
  /** The request line's URL and headers of the latest connection attempt. */
  latest: { readonly url: string; readonly authorization: string | undefined } | undefined;
  /** Pings that wire B's readers have sent. */
  pings = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly streams = new Set<ServerResponse>();
  private readonly webSockets = new Map<WebSocket, string | null>();
  private readonly upgrades = new WebSocketServer({ noServer: true, autoPong: false });
  private sent = { sse: 1, ws: 1 };
  private refusal: Refusal | undefined;
  private hanging = false;

  private constructor(private readonly options: AgentProcessOptions) {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on('upgrade', (request, socket: Socket, head) => this.upgrade(request, socket, head));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(options: AgentProcessOptions = {}): Promise<AgentProcess> {
    const double = new AgentProcess(options);
    await new Promise<void>((resolve) => double.server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.drop();
    await closed;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** `SOURCES` entries of the two wires. */
  get sseEntry(): string {
    return `sse+http://${this.host}/events`;
  }

  wsEntry(agent = 'mara'): string {
    return `ws+ws://${this.host}/ws/events?agent=${agent}`;
  }

  /** Readers that are connected now, on both wires. */
  get readers(): number {
    return this.streams.size + this.webSockets.size;
  }

  /** Bytes written that the readers' TCP has not taken: not 0 when somebody doesn't read. */
  get stuckBytes(): number {
    return [...this.sockets].reduce((sum, socket) => sum + socket.writableLength, 0);
  }

  /**
   * Sends the next frames of both recordings, as many as there are unless said. Resolves when they are on their way.
   */
  async send(count = Infinity): Promise<void> {
    const { sse, ws } = this.sent;
    this.sent = { sse: sse + count, ws: ws + count };
    const text = sseFrames
      .slice(sse, sse + count)
      .map(({ text }) => text)
      .join('');
    await this.sendSse(text);
    for (const { text, data } of wsFrames.slice(ws, ws + count)) await this.sendMessage(text, data['agent']);
  }

  /** Sends any text to wire A's readers. */
  async sendSse(text: string): Promise<void> {
    await Promise.all([...this.streams].map((stream) => this.writePieces(stream, text)));
  }

  /** Sends any message to wire B's readers, or to those of one agent. */
  async sendMessage(message: string | Buffer, agent?: unknown): Promise<void> {
    const readers = [...this.webSockets].filter(([, of]) => agent === undefined || agent === of);
    await Promise.all(readers.map(([socket]) => this.sendPieces(socket, message)));
  }

  /** Cuts every connection without a goodbye. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends every stream in good order. */
  end(): void {
    for (const stream of this.streams) stream.end();
    for (const socket of this.webSockets.keys()) socket.close(1001);
  }

  /** From now on nobody hears from it, not even a pong or the answer to a new connection; nothing is closed. */
  hang(): void {
    this.hanging = true;
  }

  /** From now on it answers so to whoever connects. */
  refuse(status: number, contentType = 'application/json'): void {
    this.refusal = { status, contentType };
  }

  private refusalOf({ url = '', headers: { authorization } }: IncomingMessage): Refusal | undefined {
    this.latest = { url, authorization };
    const { token } = this.options;
    if (token !== undefined && authorization !== `Bearer ${token}`) return { status: 401, contentType: 'text/plain' };
    return this.refusal;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.refusalOf(request);
    if (this.hanging) return;
    if (refusal) {
      // As some servers do, it repeats what it was sent: a source must not put that into its error.
      response.writeHead(refusal.status, { 'Content-Type': refusal.contentType }).end(JSON.stringify(this.latest));
      return;
    }
    this.accepted += 1;
    this.streams.add(response);
    response.once('close', () => this.streams.delete(response));
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache',
      'X-Accel-Buffering': 'no',
    });
    response.write(sseFrames[0]?.text ?? '');
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const refusal = this.refusalOf(request);
    if (this.hanging) return;
    if (refusal) {
      socket.end(
        `HTTP/1.1 ${refusal.status} No\r\nContent-Length: 0\r\nX-Sent: ${JSON.stringify(this.latest)}\r\n\r\n`,
      );
      return;
    }
    this.upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      this.accepted += 1;
      this.webSockets.set(webSocket, new URL(request.url ?? '', 'ws://double').searchParams.get('agent'));
      webSocket.on('ping', (data) => this.answerPing(webSocket, data));
      webSocket.once('close', () => this.webSockets.delete(webSocket));
      webSocket.send(wsFrames[0]?.text ?? '');
    });
  }

  private answerPing(socket: WebSocket, data: Buffer): void {
    this.pings += 1;
    if (!this.hanging) socket.pong(data);
  }

  private async writePieces(stream: ServerResponse, text: string): Promise<void> {
    for (const piece of pieces(text, this.options.pieceBytes)) {
      await new Promise((resolve) => stream.write(piece, resolve));
      await nextTurn();
    }
  }

  private async sendPieces(socket: WebSocket, message: string | Buffer): Promise<void> {
    const parts = pieces(message, this.options.pieceBytes);
    for (const [index, part] of parts.entries()) {
      const options = { binary: typeof message !== 'string', fin: index === parts.length - 1 };
      await new Promise<void>((resolve) => socket.send(part, options, () => resolve()));
      await nextTurn();
    }
  }
}
