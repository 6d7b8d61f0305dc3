/**
 * Events that agents elsewhere publish to NATS. If a JetStream stream covers the subject, a durable consumer reads
 * every message and acknowledges it after the commit. If none does, messages that are published while nobody listens
 * are lost.
 */
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import {
  type ConnectionOptions,
  type NatsConnection,
  PermissionViolationError,
  connect,
} from '@nats-io/transport-node';
import { natsGreeting } from '../../bus/nats-greeting.js';
import { natsOptions } from '../../bus/nats-options.js';
import { childOf, pause, unlessAborted } from '../../common/waiting.js';
import { connectionFault } from '../connection-fault.js';
import type { SourceCursors } from '../source-cursors.js';
import { LossySink } from '../lossy-sink.js';
import { EventSink, InvalidSource, Source } from '../source.js';
import { readBrokerAddress } from './broker-address.js';
import { JetStreamReader } from './jetstream-reader.js';
import { LostMessages } from './lost-messages.js';
import { MessageIntake } from './message-intake.js';

/** A server that does not answer two of these is gone. */
const PING_MS = 10_000;
const CONNECT_MS = 5000;
const LOSSY = 'what is published while nobody listens is lost';
const DURABLE = /^[A-Za-z0-9_-]{1,64}$/;
const STREAM = /^[^\s.*>/\\]{1,255}$/;

export class NatsSource implements Source {
  readonly name: string;
  readonly once = true;
  private reader: JetStreamReader | undefined;
  private readonly subject: string;
  private readonly durable: string;
  /**
   * The stream to read, if the subject is not enough: a mirror has no subject, and several streams may hold parts of
   * one.
   */
  private readonly stream: string | undefined;
  /** The configuration requires a stream. */
  private expectsStream: boolean;
  private readonly url: string;
  private readonly options: ConnectionOptions;
  private readonly lost: LostMessages;
  /** What this connection is not allowed to do, or cannot promise. */
  private caveat: string | undefined;

  /**
   * `nats://host:4222/subject?stream=NAME&durable=name`. Throws {@link InvalidSource}. `lookMs`: how soon a stream is
   * found that was made after we began to listen without one, and how often we ask how far behind we are.
   */
  constructor(
    entry: string,
    private readonly cursors: Pick<SourceCursors, 'load' | 'save'>,
    private readonly lookMs = 10_000,
  ) {
    const { url, topic, name } = readBrokerAddress(entry, 'nats://host:4222/subject');
    const [stream, durable] = [url.searchParams.get('stream'), url.searchParams.get('durable')];
    if (durable !== null && !DURABLE.test(durable))
      throw new InvalidSource('SOURCES: durable must be 1–64 of letters, digits, "_" and "-"');
    if (stream !== null && !STREAM.test(stream))
      throw new InvalidSource('SOURCES: stream must be the name of a stream');
    this.name = stream === null ? name : `${name}?stream=${stream}`;
    this.subject = topic;
    this.durable = durable ?? 'switchboard';
    this.stream = stream ?? undefined;
    this.expectsStream = stream !== null || durable !== null;
    this.url = url.href;
    this.options = { ...natsOptions(url.href), name: 'switchboard', pingInterval: PING_MS, maxPingOut: 2 };
    this.lost = new LostMessages(this.name);
  }

  get upstreamBacklog(): number | undefined {
    return this.reader?.backlog;
  }

  get trouble(): string | undefined {
    return this.caveat ?? this.reader?.trouble ?? this.lost.words;
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const connection = await this.connect(signal).catch((error: unknown) => {
      if (!signal.aborted) throw connectionFault(error);
      return undefined;
    });
    if (connection === undefined) return;
    const { controller, release } = childOf(signal);
    const lost = connection.closed().then((error) => {
      controller.abort();
      if (!signal.aborted) throw error ?? new Error('the connection to NATS was lost');
    });
    try {
      await Promise.race([lost, this.read(connection, sink, live, controller.signal)]);
    } finally {
      release();
      controller.abort();
      lost.catch(() => undefined); // We close it ourselves.
      await connection.close();
    }
  }

  private async connect(signal: AbortSignal): Promise<NatsConnection> {
    await natsGreeting(this.url, CONNECT_MS, signal);
    return connect({ ...this.options, reconnect: false, timeout: CONNECT_MS });
  }

  private async read(connection: NatsConnection, sink: EventSink, live: () => void, signal: AbortSignal) {
    this.caveat = undefined;
    void this.hearRefusals(connection);
    this.expectsStream ||= (await this.cursors.load(this.name)).size > 0;
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const stream = await this.findStream(manager);
    if (stream === undefined) return this.listen(connection, sink, live, signal, manager);
    const { name: source, subject, durable, cursors, lost, lookMs } = this;
    this.expectsStream = true;
    this.reader = new JetStreamReader(connection, manager, { source, stream, subject, durable, cursors, lost, lookMs });
    await this.reader.read(new MessageIntake(this.name, sink), live, signal);
  }

  /**
   * Core NATS: without a stream nothing can be acknowledged or read again, and the server cuts a client that does not
   * keep up.
   */
  private async listen(
    connection: NatsConnection,
    sink: EventSink,
    live: () => void,
    signal: AbortSignal,
    manager: JetStreamManager,
  ): Promise<void> {
    this.reader = undefined;
    if (this.expectsStream) this.warn(`NATS has no stream for ${this.stream ?? this.subject}: ${LOSSY}`);
    const intake = new MessageIntake(this.name, new LossySink(this.name, sink));
    const refused = new Promise<never>((_, reject) => {
      const callback = (error: Error | null, message: { string(): string }) => {
        if (error !== null) reject(error);
        else intake.take(message.string()).catch(() => undefined); // Told to stop: its signal says so too.
      };
      connection.subscribe(this.subject, { callback });
    });
    await Promise.race([refused, this.lookForStream(connection, live, signal, manager)]);
  }

  /** Resolves when a stream exists; the next run reads it. */
  private async lookForStream(
    connection: NatsConnection,
    live: () => void,
    signal: AbortSignal,
    manager: JetStreamManager,
  ): Promise<void> {
    await unlessAborted(connection.flush(), signal);
    live();
    while (!signal.aborted) {
      await pause(this.lookMs, signal);
      if (!signal.aborted && (await this.findStream(manager)) !== undefined) return;
    }
  }

  /**
   * Undefined if there is no stream or no JetStream, or if none is required and we may not ask. Rejects if there are
   * several, or if we may not ask.
   */
  private async findStream(manager: JetStreamManager): Promise<string | undefined> {
    try {
      const names: string[] = [];
      if (this.stream !== undefined) names.push((await manager.streams.info(this.stream)).config.name);
      else for await (const name of manager.streams.names(this.subject)) names.push(name);
      if (names.length > 1)
        throw new Error(
          `several streams have parts of ${this.subject}: ${names.join(', ')}; name one by ?stream=, and give each a source`,
        );
      return names[0];
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (this.expectsStream || !isForbidden(error)) throw error;
      this.warn(`we may not ask NATS whether a stream has ${this.subject}; without one ${LOSSY}: ${error.message}`);
      return undefined;
    }
  }

  /** Nobody else hears that something only published (an acknowledgement) was refused. */
  private async hearRefusals(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status())
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        this.warn(this.caveat ?? `NATS does not let us: ${status.error.message}`);
  }

  private warn(caveat: string): void {
    if (this.caveat !== caveat) new Logger('Sources').warn(`${this.name}: ${caveat}`);
    this.caveat = caveat;
  }
}

function isForbidden(error: unknown): error is Error {
  return error instanceof Error && error.cause instanceof PermissionViolationError;
}

/** The stream does not exist, or JetStream is off. */
function isAbsent(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === JetStreamApiCodes.StreamNotFound;
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}
