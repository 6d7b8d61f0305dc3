/**
 * Wire A: the SSE stream of an agent process (`pc.stream(res)`). It has no cursor: upstream loses what comes while
 * nobody reads.
 */
import { EventSourceMessage, createParser } from 'eventsource-parser';
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

/** Two and a half of the SDK's pings (30 s): a peer that sends no byte in this time is dead. */
const SILENCE_MS = 75_000;

export interface AgentSseOptions {
  /** `SOURCE_TOKEN`, presented as Bearer. */
  readonly token?: string | undefined;
  /** The longest time without a byte, headers included. */
  readonly silenceMs?: number;
}

type Body = ReadableStreamDefaultReader<Uint8Array>;

/** Reads `sse+http(s)://host/path?query`. The query is sent upstream unchanged and is not part of the name. */
export class AgentSseSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly endpoint: Endpoint;
  private readonly silenceMs: number;
  private readonly passedOver: PassedOver;

  /** Throws `InvalidSource`. */
  constructor(entry: string, options: AgentSseOptions = {}) {
    this.endpoint = readEndpoint(entry, 'sse+', ['http:', 'https:'], options.token);
    this.silenceMs = options.silenceMs ?? SILENCE_MS;
    this.name = `sse+${this.endpoint.url.origin}${this.endpoint.url.pathname}`;
    this.passedOver = new PassedOver(this.name, 'frame whose data is not a JSON object');
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const connection = new AbortController();
    const stop = () => connection.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const body = await this.connect(connection.signal);
      live();
      await this.read(body, sink, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      connection.abort(); // However the stream ended: nothing more is read from this socket.
    }
  }

  private async connect(signal: AbortSignal): Promise<Body> {
    const headers = { Accept: 'text/event-stream', ...this.endpoint.headers };
    const response = await this.unlessSilent(fetch(this.endpoint.url, { headers, signal }), HANDSHAKE_MS);
    if (response.status !== 200) throw refusal(response.status);
    const contentType = (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
    if (contentType !== 'text/event-stream' || !response.body) {
      throw new Error('the agent process answered with something other than text/event-stream: is the path right?');
    }
    return response.body.getReader();
  }

  private async read(body: Body, sink: EventSink, signal: AbortSignal): Promise<void> {
    const frames = new FrameReader();
    while (!signal.aborted) {
      const { done, value } = await this.unlessSilent(body.read());
      if (done) return;
      for (const frame of frames.feed(value)) {
        if (!this.deliver(frame, sink)) continue;
        await unlessAborted(sink.room(), signal);
        if (signal.aborted) return;
      }
    }
  }

  /** False if there was nothing to pass on. */
  private deliver(frame: EventSourceMessage, sink: EventSink): boolean {
    const type = frame.event ?? 'message'; // EventSource's own default; ingest refuses and counts it.
    if (isControl(type)) return false;
    const data = parseFields(frame.data);
    if (data) void pushLive(sink, decodeAgentEvent(type, data));
    else this.passedOver.note();
    return data !== undefined;
  }

  /** Only waits for the peer count: a full sink is not a silent peer. */
  private unlessSilent<T>(step: Promise<T>, limitMs = this.silenceMs): Promise<T> {
    const ms = Math.min(limitMs, this.silenceMs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came from the agent process for ${ms} ms`)), ms);
      step.then(resolve, (error: unknown) => reject(connectionFault(error))).finally(() => clearTimeout(timer));
    });
  }
}

/** Bytes in, whole frames out, wherever the chunks end. */
class FrameReader {
  private readonly decoder = new TextDecoder();
  private frames: EventSourceMessage[] = [];
  private overflowed = false;
  private readonly parser = createParser({
    maxBufferSize: MAX_FRAME_LENGTH,
    onEvent: (frame) => this.frames.push(frame),
    // Unknown fields are ignored, as the standard requires:
    // https://html.spec.whatwg.org/multipage/server-sent-events.html
    onError: ({ type }) => (this.overflowed ||= type === 'max-buffer-size-exceeded'),
  });

  feed(chunk: Uint8Array): readonly EventSourceMessage[] {
    this.frames = [];
    this.parser.feed(this.decoder.decode(chunk, { stream: true }));
    if (this.overflowed) throw new Error(`a frame of the agent process is longer than ${MAX_FRAME_LENGTH} characters`);
    return this.frames;
  }
}
