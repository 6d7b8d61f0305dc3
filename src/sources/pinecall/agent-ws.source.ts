/**
 * Wire B: the WebSocket stream of one agent (`agent.ws(ws)`), every word. It has no cursor: what comes while nobody
 * reads is lost.
 */
import { RawData, WebSocket } from 'ws';
import type { EventSink, Source } from '../source.js';
import {
  Endpoint,
  HANDSHAKE_MS,
  MAX_FRAME_LENGTH,
  parseFields,
  pushLive,
  readEndpoint,
  refusal,
} from './agent-wire.js';
import { PassedOver } from '../passed-over.js';
import { connectionFault } from '../connection-fault.js';
import { unlessAborted } from '../../common/waiting.js';
import { decodeAgentEvent, isControl } from './decode.js';
import { Heartbeat } from './heartbeat.js';
import { SpokenWords } from './spoken-words.js';

/** Under the minute after which proxies cut an idle socket; a dead peer is found within two of these. */
const PING_MS = 20_000;

/** RFC 6455, 7.4.1. */
const NORMAL_CLOSURE = 1000;
const GOING_AWAY = 1001;

export interface AgentWsOptions {
  /** `SOURCE_TOKEN`, presented as Bearer. */
  readonly token?: string | undefined;
  readonly pingMs?: number;
}

/**
 * Reads `ws+ws(s)://host/path?agent=name`. Of the query, only `agent` is part of the name: it distinguishes several
 * sockets.
 */
export class AgentWsSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly endpoint: Endpoint;
  private readonly pingMs: number;
  private readonly passedOver: PassedOver;
  private readonly words = new SpokenWords();

  /** Throws `InvalidSource`. */
  constructor(entry: string, options: AgentWsOptions = {}) {
    this.endpoint = readEndpoint(entry, 'ws+', ['ws:', 'wss:'], options.token);
    this.pingMs = options.pingMs ?? PING_MS;
    const { origin, pathname, searchParams } = this.endpoint.url;
    const agents = new URLSearchParams(searchParams.getAll('agent').map((agent): [string, string] => ['agent', agent]));
    this.name = `ws+${origin}${pathname}${agents.size > 0 ? `?${agents.toString()}` : ''}`;
    this.passedOver = new PassedOver(this.name, 'message that is not a JSON object');
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const socket = this.open();
    this.words.clear(); // Words spoken before this connection may have been missed.
    let heartbeat: Heartbeat | undefined;
    const reading = new Promise<void>((resolve, reject) => {
      socket.once('open', live);
      const silence = `nothing came from the agent process for ${2 * this.pingMs} ms`;
      heartbeat = new Heartbeat(socket, this.pingMs, () => reject(new Error(silence)));
      socket.on('message', (message, isBinary) => {
        const isDelivered = this.deliver(message, isBinary, sink);
        // The rest of the chunk that held this message still follows: 64 KiB at most.
        if (isDelivered && !socket.isPaused) pauseUntilRoom(socket, sink).catch(reject);
      });
      settleAtEnd(socket, resolve, reject);
    });
    try {
      await unlessAborted(reading, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      heartbeat?.stop();
      socket.removeAllListeners('message'); // This run is over: data still in the buffer would arrive after its end.
      socket.close();
      socket.terminate();
    }
  }

  private open(): WebSocket {
    return new WebSocket(this.endpoint.url, {
      headers: this.endpoint.headers,
      maxPayload: MAX_FRAME_LENGTH,
      handshakeTimeout: Math.min(2 * this.pingMs, HANDSHAKE_MS),
      perMessageDeflate: false, // Frames are small, and a compressed one may be huge.
    });
  }

  /** False if there was nothing to pass on. */
  private deliver(message: RawData, isBinary: boolean, sink: EventSink): boolean {
    const fields = isBinary ? undefined : parseFields(textOf(message));
    if (!fields) this.passedOver.note();
    if (!fields || isControl(fields['event'])) return false;
    const { event, ...data } = fields;
    void pushLive(sink, this.words.take(decodeAgentEvent(event, data)));
    return true;
  }
}

/**
 * Resolves at a normal close, rejects at every other end. The listeners stay: an `error` nobody hears ends the process.
 */
function settleAtEnd(socket: WebSocket, resolve: () => void, reject: (error: Error) => void): void {
  socket.once('unexpected-response', (request, response) => {
    reject(refusal(response.statusCode));
    request.destroy();
  });
  socket.on('error', (error) => reject(connectionFault(error)));
  socket.once('close', (code) => {
    if (code === NORMAL_CLOSURE || code === GOING_AWAY) resolve();
    else reject(new Error(`the agent process closed the connection with code ${code}`));
  });
}

async function pauseUntilRoom(socket: WebSocket, sink: EventSink): Promise<void> {
  socket.pause();
  await sink.room();
  socket.resume();
}

function textOf(message: RawData): string {
  return (Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer)).toString();
}
