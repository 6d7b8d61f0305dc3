/**
 * A double of Pinecall's voice server: a real HTTP and WebSocket server that speaks the call log (pinecall/README.md,
 * C). A log says what its script says, when the test releases it; readers that come late get what is stored, then
 * `log.caught_up`, then what happens. Its troubles are switched on by the test.
 */
import { IncomingMessage, Server, ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { Frame, VoiceLog, parcelCall, rowsOf } from './voice-log.js';

const LIFECYCLE = new Set(['call.ringing', 'call.started', 'call.ended']);
export const API_KEY = 'pk_test_0123456789';

export interface Attached {
  readonly log: string;
  readonly after: number;
  readonly socket: WebSocket;
}

interface Token {
  readonly agents: readonly string[];
  readonly expiresAt: number;
}

export class VoiceServer {
  /** The set of agents of each mint, in order. */
  readonly mints: (readonly string[])[] = [];
  /** Every attachment since the start, in order. */
  readonly attached: Attached[] = [];
  /** Paths of pages and lists that were asked for. */
  readonly pages: string[] = [];
  tokenTtlMs = 60_000;
  pageSize = 500;
  /** Attachments are closed for slowness after so many entries. */
  slowAfter = Infinity;
  /** So many seqs before its cursor are sent to a reader again, as upstream may. */
  overlap = 0;
  /** Tokens that were refused. */
  refusals = 0;
  /** Status with which every upgrade is answered. */
  refuseUpgrades: number | undefined;
  /** A bad token is refused as the real server does it: by a frame, then a normal close. */
  refusesByFrame = false;
  /** Agents that the server doesn't know: a token for a set with one of them is refused. */
  readonly unknownAgents = new Set<string>();
  /** Status with which every mint is answered: newer servers mint no tokens. */
  refuseMints: number | undefined;
  /** Pages may be read with the API key itself. */
  pagesTakeKey = false;
  answersPings = true;
  /** An agent's calls are listed as newer servers do it: as the entries of its log. */
  listsEntries = false;
  readonly logs = new Map<string, VoiceLog>();
  /** Tests clear it: all tokens die before their time. */
  readonly tokens = new Map<string, Token>();
  private readonly sockets = new Set<Socket>();
  private upgrades = new WebSocketServer({ noServer: true, autoPong: false });
  private server: Server | undefined;
  private port = 0;

  static async start(): Promise<VoiceServer> {
    const double = new VoiceServer();
    await double.listen();
    return double;
  }

  get source(): string {
    return `pinecall+ws://127.0.0.1:${this.port}`;
  }

  /** Scripts a call and returns its log; its lifecycle is also in the agent's. */
  call(call: string, agent: string, entries: readonly Frame[] = parcelCall(call, agent)): VoiceLog {
    const log = new VoiceLog(agent, call);
    log.add(...entries);
    this.logs.set(`call:${call}`, log);
    this.agentLog(agent);
    return log;
  }

  agentLog(agent: string): VoiceLog {
    const log = this.logs.get(`agent:${agent}`) ?? new VoiceLog(agent, null);
    this.logs.set(`agent:${agent}`, log);
    return log;
  }

  /** The next entries of a call happen, and what of them is lifecycle happens in the agent's log too. */
  release(call: string, count?: number): void {
    const log = this.logs.get(`call:${call}`);
    for (const frame of log?.release(count) ?? []) {
      if (!log || !LIFECYCLE.has(frame.type)) continue;
      const agentLog = this.agentLog(log.agent);
      const data = { ...(frame['data'] as object), call };
      agentLog.add({ ...frame, seq: agentLog.lastSeq + 3, call: null, data }); // Holes in seq are normal.
      agentLog.release();
    }
  }

  /** Attachments to a log that are open. */
  open(log: string): readonly Attached[] {
    return this.attached.filter((one) => one.log === log && one.socket.readyState === WebSocket.OPEN);
  }

  /** How often a log was attached to. */
  count(log: string): number {
    return this.attached.filter((one) => one.log === log).length;
  }

  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    this.drop();
    await closed;
  }

  /** Comes (back) up, on the same port. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => this.answer(request, response));
    server.on('upgrade', (request, socket: Socket, head) => this.upgrade(request, socket, head));
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined); // A reader that goes away is none of ours.
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://double');
    const bearer = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const [status, body] = url.pathname === '/stream/token' ? this.mint(url, bearer) : this.page(url, bearer);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private mint(url: URL, bearer: string): [number, unknown] {
    if (bearer !== API_KEY) return [401, { error: 'Invalid API key' }];
    if (this.refuseMints !== undefined) return [this.refuseMints, { error: 'Not Found' }];
    const agents = (url.searchParams.get('agent_id') ?? '').split(',');
    this.mints.push(agents);
    if (agents.some((agent) => this.unknownAgents.has(agent))) return [404, { error: 'Unknown agent' }];
    const token = `str_${this.mints.length}`;
    this.tokens.set(token, { agents, expiresAt: Date.now() + this.tokenTtlMs });
    return [200, { token, server: 'wss://elsewhere.invalid', expires_in: this.tokenTtlMs / 1000 }];
  }

  private page(url: URL, bearer: string): [number, unknown] {
    const [, kind, encoded = ''] = /^\/v1\/(calls|agents)\/([^/]+)\/(?:events|calls)$/.exec(url.pathname) ?? [];
    const name = decodeURIComponent(encoded);
    const log = this.logs.get(`${kind === 'agents' ? 'agent' : 'call'}:${name}`);
    const status = this.statusFor(bearer, log);
    if (!log || status !== 200) return [status, { error: 'No' }];
    this.pages.push(url.pathname + url.search);
    if (kind === 'agents' && !this.listsEntries) return [200, { calls: rowsOf(this.logs.values(), name) }];
    return [200, { entries: log.replay(Number(url.searchParams.get('after'))).slice(0, this.pageSize), live: true }];
  }

  private statusFor(token: string, log: VoiceLog | undefined): number {
    if (this.pagesTakeKey && token === API_KEY) return log ? 200 : 404;
    const known = this.tokens.get(token);
    const isValid = known !== undefined && known.expiresAt > Date.now();
    const status = !isValid ? 401 : !log ? 404 : known.agents.includes(log.agent) ? 200 : 403;
    if (status === 401 || status === 403) this.refusals += 1;
    return status;
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { searchParams: query } = new URL(request.url ?? '/', 'http://double');
    const names = [...query].filter(([kind]) => kind === 'call' || kind === 'agent').map((pair) => pair.join(':'));
    const [name = ''] = names;
    const log = this.logs.get(name);
    const allowed = names.length === 1 ? this.statusFor(query.get('token') ?? '', log) : 400;
    const status = this.refuseUpgrades ?? allowed;
    const byFrame = this.refusesByFrame && (status === 401 || status === 403);
    if (status !== 200 && !byFrame) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    this.upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('ping', (data: Buffer) => this.answersPings && webSocket.pong(data));
      if (!log || byFrame) webSocket.send('{"error":"Invalid or expired token"}');
      if (!log || byFrame) return webSocket.close(1000);
      this.attached.push({ log: name, after: Number(query.get('after')), socket: webSocket });
      this.tail(log, Number(query.get('after')), webSocket);
    });
  }

  /** The backlog, `log.caught_up`, then what happens. */
  private tail(log: VoiceLog, after: number, socket: WebSocket): void {
    let sent = 0;
    const send = (frame: Frame) => {
      if (sent < this.slowAfter) socket.send(JSON.stringify(frame));
      sent += 1;
      if (sent === this.slowAfter) socket.close(4008, 'slow_consumer');
    };
    socket.send('{"live":true}'); // Some servers greet.
    const backlog = log.replay(Math.max(0, after - this.overlap));
    for (const frame of backlog) send(frame);
    const seq = backlog.at(-1)?.seq ?? after;
    send(log.marker('log.caught_up', seq, { seq }));
    log.readers.add(send);
    socket.once('close', () => log.readers.delete(send));
  }
}
