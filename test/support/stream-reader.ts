/** A reader of event streams over a real socket, one that sees every frame and comment as it came. */
import { request, type IncomingMessage } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { waitFor } from './wait-for.js';

export interface Frame {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

export interface ReadOptions {
  readonly token?: string;
  readonly lastEventId?: string | number;
  readonly headers?: Record<string, string>;
  /** Which of this machine's addresses the connection comes from. */
  readonly localAddress?: string;
}

export class StreamReader {
  readonly frames: Frame[] = [];
  readonly comments: string[] = [];
  raw = '';
  ended = false;

  private constructor(private readonly response: IncomingMessage) {
    const parser = createParser({
      onEvent: (event: EventSourceMessage) => this.frames.push(toFrame(event)),
      onComment: (comment) => this.comments.push(comment),
    });
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.raw += chunk;
      parser.feed(chunk);
    });
    response.on('close', () => (this.ended = true));
    response.on('error', () => (this.ended = true));
  }

  static async open(
    url: string,
    { token, lastEventId, headers, localAddress }: ReadOptions = {},
  ): Promise<StreamReader> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, {
        agent: false,
        ...(localAddress === undefined ? {} : { localAddress }),
        headers: {
          Accept: 'text/event-stream',
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }),
          ...headers,
        },
      })
        .once('response', resolve)
        .once('error', reject)
        .end();
    });
    return new StreamReader(response);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  header(name: string): string | undefined {
    const value = this.response.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Frames of events, without what the stream says of itself. */
  get events(): Frame[] {
    return this.frames.filter(
      ({ type }) =>
        !['connected', 'log.caught_up', 'token.expiring', 'stream.closing', 'agents.changed'].includes(type),
    );
  }

  of(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** The last durable id seen: what a browser would resume from. */
  get lastEventId(): string | undefined {
    return this.frames.findLast(({ id }) => id !== undefined)?.id;
  }

  async until(predicate: (reader: this) => unknown, what?: string, deadlineMs?: number): Promise<void> {
    await waitFor(() => Boolean(predicate(this)), what ?? predicate.toString(), deadlineMs);
  }

  async untilType(type: string, count = 1): Promise<Frame> {
    await this.until(() => this.of(type).length >= count, `${count} × ${type}`);
    return this.of(type)[count - 1] as Frame;
  }

  close(): void {
    this.response.destroy();
  }
}

function toFrame({ event, id, data }: EventSourceMessage): Frame {
  return { type: event ?? 'message', id, data: JSON.parse(data) as Record<string, unknown> };
}
