/**
 * Every connection of this process. Until a request on it was authenticated, it is a stranger's, and only so many of
 * those are held. Idle connections are bounded, too. A client that does not read its answer is cut. Streams are watched
 * where they are counted.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Counts } from '../common/counts.js';
import { connectionsCut } from '../common/metrics.js';

/** Strangers' connections that wait for their clients: for one address (except a trusted proxy), and for all. */
export const MAX_STRANGERS_PER_ADDRESS = 128;
export const MAX_STRANGERS = 1024;
/** All other connections that wait for their clients: a balancer keeps some dozens, a browser a few. */
const MAX_IDLE = 4096;
/** At any moment: after a restart thousands connect at once, and are strangers until they are served. */
const MAX_STRANGERS_AT_ONCE = 8192;
/** A client sends its request within this after connecting, on any link but the worst. */
const GRACE_MS = 1000;
/** How long a client may leave an answer untouched. */
const MAX_STALLED_MS = 20_000;
const SWEEP_MS = 1000;

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  readonly since: number;
  isStranger: boolean;
  /** When its last request began. */
  usedAt: number;
  /** The request that is being served; undefined: we wait for the client. */
  response: ServerResponse | undefined;
  isStream: boolean;
  progress: number;
  progressAt: number;
}

const connections = new WeakMap<Socket, Connection>();

export class Sockets {
  private readonly open = new Set<Connection>();
  /** Oldest first. */
  private readonly strangers = new Set<Connection>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly maxIdle = MAX_IDLE) {}

  /** `isTrusted`: whether an address belongs to a proxy that speaks for many. */
  watch(server: Server, isTrusted: (address: string) => boolean): void {
    server.on('connection', (socket: Socket) => this.add(socket, isTrusted));
    this.timer = setInterval(() => this.sweep(performance.now()), SWEEP_MS).unref();
    server.once('close', () => clearInterval(this.timer));
  }

  /** The turn of a request begins. */
  begin(response: ServerResponse): void {
    const connection = response.socket && connections.get(response.socket);
    if (!connection) return;
    connection.response = response;
    connection.isStream = false;
    connection.usedAt = performance.now();
  }

  /** A request on it was authenticated. */
  recognise(socket: Socket): void {
    const connection = connections.get(socket);
    if (connection === undefined) return;
    connection.isStranger = false;
    this.strangers.delete(connection);
  }

  get strangerCount(): number {
    return this.strangers.size;
  }

  private add(socket: Socket, isTrusted: (address: string) => boolean): void {
    const { remoteAddress = '' } = socket;
    const since = performance.now();
    const connection: Connection = {
      socket,
      address: isTrusted(remoteAddress) ? '' : remoteAddress,
      since,
      usedAt: since,
      isStranger: true,
      response: undefined,
      isStream: false,
      progress: 0,
      progressAt: since,
    };
    connections.set(socket, connection);
    this.open.add(connection);
    this.strangers.add(connection);
    socket.once('close', () => {
      this.open.delete(connection);
      this.strangers.delete(connection);
    });
    if (this.strangers.size > MAX_STRANGERS_AT_ONCE) this.cutOldest();
  }

  private cutOldest(): void {
    for (const stranger of this.strangers) if (waitsForClient(stranger)) return this.cutStranger(stranger);
  }

  private sweep(now: number): void {
    for (const connection of this.open) {
      if (!connection.isStream && isStalled(connection, now)) cut(connection, 'unread');
    }
    this.sweepStrangers(now);
    this.sweepIdle();
  }

  /** Beyond the bound, the least recently used are closed. */
  private sweepIdle(): void {
    const idle = [...this.open].filter((one) => !one.isStranger && !one.isStream && waitsForClient(one));
    if (idle.length <= this.maxIdle) return;
    idle.sort((one, other) => one.usedAt - other.usedAt);
    for (const connection of idle.slice(0, idle.length - this.maxIdle)) cut(connection, 'idle');
  }

  /** Beyond the bounds, the oldest are closed: an honest client has sent its request by now. */
  private sweepStrangers(now: number): void {
    const idle = [...this.strangers].filter((one) => waitsForClient(one) && now - one.since > GRACE_MS);
    const ofAddress = new Counts();
    for (const { address } of idle) ofAddress.add(address, 1);
    let all = idle.length;
    for (const stranger of idle) {
      const isOver = stranger.address !== '' && ofAddress.of(stranger.address) > MAX_STRANGERS_PER_ADDRESS;
      if (!isOver && all <= MAX_STRANGERS) continue;
      ofAddress.add(stranger.address, -1);
      all -= 1;
      this.cutStranger(stranger);
    }
  }

  private cutStranger(stranger: Connection): void {
    this.strangers.delete(stranger);
    cut(stranger, 'stranger');
  }
}

/** Its stream is counted and watched elsewhere from here on. */
export function becomesStream(socket: Socket | null): void {
  const connection = socket && connections.get(socket);
  if (!connection) return;
  connection.isStream = true;
  connection.response = undefined;
}

/**
 * Changes whenever the kernel has taken some of what waits in this process. Node reports a write only when it is
 * complete; libuv knows how much of it is left.
 */
export function progressOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
  return socket.bytesWritten - socket.writableLength - (handle?.writeQueueSize ?? 0);
}

/** No request has come, or its answer waits to be read. */
function waitsForClient({ response, socket }: Connection): boolean {
  return response === undefined || response.writableEnded || response.destroyed || socket.writableLength > 0;
}

function isStalled(connection: Connection, now: number): boolean {
  const { socket } = connection;
  const progress = progressOf(socket);
  if (socket.writableLength === 0 || progress !== connection.progress) {
    connection.progress = progress;
    connection.progressAt = now;
  }
  return now - connection.progressAt > MAX_STALLED_MS;
}

function cut({ socket }: Connection, reason: 'stranger' | 'unread' | 'idle'): void {
  connectionsCut.inc({ reason });
  socket.destroy();
}
