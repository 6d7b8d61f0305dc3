/**
 * A double of Pinecall's second generation: a real HTTP server (or HTTP/2 over TLS) with a floor, a list of calls, and
 * a log a call, in pages and as SSE. Logs say what their scripts say, when the test releases it. Its troubles are
 * switched on by the test.
 */
import { type Server, createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createPlainServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { DeskTroubles } from './pinecall2-desk.js';
import { CallLog, type WireEntry, logOf } from './pinecall2-log.js';
import { type Reply, serve } from './pinecall2-streams.js';

/** What the floor tells of calls. */
const FLOOR = /^(call\.(ringing|dialing|started|ended)|attention\..+|supervisor\.(took_over|released))$/;
export const GATEWAY_KEY = 'pc_live_0123456789';
export const OPS_KEY = 'ops_0123456789';

export interface Tls {
  readonly key: string;
  readonly cert: string;
  /** Only HTTP/1.1, over TLS. */
  readonly plain?: boolean;
}

export class Gateway {
  readonly logs = new Map<string, CallLog>();
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  /** Statuses that were answered, in order. */
  readonly statuses: number[] = [];
  /** The world of the key; another one is refused. */
  world = 'production';
  /** Keys that may read. */
  readonly keys = new Set([GATEWAY_KEY]);
  /** Answered to everybody, in place of what they asked for. */
  refuseAll: number | undefined;
  /** So many of the next requests for such a door are answered 429. */
  tooMany = 0;
  tooManyFor = /./;
  retryAfter: string | undefined = '1';
  pageSize = 500;
  listSize = 200;
  /** The floor says nothing, though it is open: as an older gateway's, of calls that it does not serve itself. */
  isFloorDeaf = false;
  /** Streams of logs lose what happens from now on, and say so at {@link recover}. */
  isLosing = false;
  /** So many seqs before its cursor are sent to a reader again, as a proxy that repeats might. */
  overlap = 0;
  /** Bytes of a stream come in pieces of so many; undefined: as they are written. */
  pieceBytes: number | undefined;
  /** Streams end after so many entries. */
  cutAfter = Infinity;
  readonly floors = new Set<Reply>();
  readonly opsFloors = new Set<Reply>();
  /** Streams of logs that are open, by call. */
  readonly streams = new Map<Reply, string>();
  /** Most streams that were open at once, and most sockets. */
  peakStreams = 0;
  peakSockets = 0;
  /** Troubles of recordings and verbs. */
  readonly desk: DeskTroubles = {};
  /** What asked for recordings and verbs brought with it. */
  readonly keysSeen: string[] = [];
  /** Calls whose recording there is. */
  readonly recordings = new Map<string, Buffer>();
  /** Verbs that came, in order. */
  readonly verbs: { readonly call: string; readonly body: unknown }[] = [];
  /** Meter rows, in order; their cursors are their places. */
  readonly usage: Record<string, unknown>[] = [];
  readonly sockets = new Set<Socket>();
  private readonly losses = new Map<CallLog, { from: number; to: number }>();
  private server: Server | undefined;
  private port = 0;

  private constructor(private readonly tls: Tls | undefined) {}

  static async start(tls?: Tls): Promise<Gateway> {
    const double = new Gateway(tls);
    await double.listen();
    return double;
  }

  get origin(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  get source(): string {
    return `pinecall2+${this.origin}`;
  }

  /** Scripts a call and returns its log. */
  call(call: string, agent = 'harbour-desk', entries: readonly WireEntry[] = logOf(call, agent)): CallLog {
    const log = new CallLog(call, agent);
    log.add(...entries);
    this.logs.set(call, log);
    return log;
  }

  /** The next entries of a call happen; what of them is of the floor is said there, too. */
  release(call: string, count?: number): void {
    const log = this.logs.get(call);
    if (!log) throw new Error(`no call ${call}`);
    const before = log.entries.at(-1)?.seq ?? 0;
    const entries = log.release(count);
    const last = entries.at(-1)?.seq;
    if (this.isLosing && last !== undefined) {
      const known = this.losses.get(log);
      this.losses.set(log, { from: known?.from ?? before + 1, to: last });
    }
    for (const entry of entries) {
      if (!FLOOR.test(entry.type)) continue;
      for (const floor of this.isFloorDeaf ? [] : this.floors) floor.frame(entry);
      for (const floor of this.opsFloors) floor.frame({ org: 'org_1', env: this.world, entry }, entry);
    }
    for (const [reply, of] of this.streams) if (of === call && log.isSealed && !this.isLosing) reply.end();
  }

  /** The streams are told what they have lost. */
  recover(): void {
    this.isLosing = false;
    for (const [log, { from, to }] of this.losses)
      for (const [reply, call] of this.streams)
        if (call === log.call) {
          reply.frame(log.marker('log.gap', to, { from_seq: from, to_seq: to, snapshot: null }));
          if (log.isSealed) reply.end();
        }
    this.losses.clear();
  }

  /** How many requests there were for a door. */
  count(pattern: RegExp): number {
    return this.requests.filter((path) => pattern.test(path)).length;
  }

  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    this.drop();
    await closed;
    this.floors.clear();
    this.opsFloors.clear();
    this.streams.clear();
  }

  /** Comes (back) up, on the same port. */
  async listen(): Promise<void> {
    const { tls } = this;
    const overTls = (files: Tls) =>
      files.plain ? createPlainServer(files) : createSecureServer({ ...files, allowHTTP1: true });
    const server = (tls ? overTls(tls) : createServer()) as Server;
    server.on('request', (message, response) => serve(this, message, response));
    const admit = (socket: Socket) => {
      this.sockets.add(socket);
      this.peakSockets = Math.max(this.peakSockets, this.sockets.size);
      socket.on('error', () => undefined); // A reader that goes away is none of ours.
      socket.once('close', () => this.sockets.delete(socket));
    };
    server.on(tls ? 'secureConnection' : 'connection', admit);
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }
}
