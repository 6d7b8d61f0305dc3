/**
 * Events that agents elsewhere publish to NATS. Where a JetStream stream covers the subject, every message is read by a durable
 * consumer and acknowledged after the commit; where none does, what is published while nobody listens is gone.
 */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, type NatsConnection, connect } from '@nats-io/transport-node';
import { natsOptions } from '../../bus/nats-options.js';
import { childOf, pause } from '../pinecall/waiting.js';
import { connectionFault, unlessAborted } from '../pinecall/agent-wire.js';
import type { SourceCursors } from '../source-cursors.js';
import { LossySink } from '../lossy-sink.js';
import { EventSink, InvalidSource, Source } from '../source.js';
import { readBrokerAddress } from './broker-address.js';
import { JetStreamReader } from './jetstream-reader.js';
import { MessageIntake } from './message-intake.js';

/** A server that does not answer two of these is gone. */
const PING_MS = 10_000;
/** How soon a stream is found that was made after we began to listen without one. */
const LOOK_FOR_STREAM_MS = 10_000;
const DURABLE = /^[A-Za-z0-9_-]{1,64}$/;

export class NatsSource implements Source {
  readonly name: string;
  readonly once = true;
  private reader: JetStreamReader | undefined;
  private readonly subject: string;
  private readonly durable: string;
  private readonly options: ConnectionOptions;

  /** Throws {@link InvalidSource}. */
  constructor(
    entry: string,
    private readonly cursors: Pick<SourceCursors, 'load' | 'save'>,
  ) {
    const { url, topic, name } = readBrokerAddress(entry, 'nats://host:4222/subject');
    this.durable = url.searchParams.get('durable') ?? 'switchboard';
    if (!DURABLE.test(this.durable))
      throw new InvalidSource('SOURCES: durable must be 1–64 of letters, digits, "_" and "-"');
    this.name = name;
    this.subject = topic;
    this.options = { ...natsOptions(url.href), name: 'switchboard', pingInterval: PING_MS, maxPingOut: 2 };
  }

  get upstreamBacklog(): number | undefined {
    return this.reader?.backlog;
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const connection = await connect({ ...this.options, reconnect: false, timeout: 5000 }).catch((error: unknown) => {
      throw connectionFault(error);
    });
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
      lost.catch(() => undefined); // It is closed by us.
      await connection.close();
    }
  }

  private async read(connection: NatsConnection, sink: EventSink, live: () => void, signal: AbortSignal) {
    const manager = await managerOf(connection);
    const stream = manager && (await streamOf(manager, this.subject));
    if (manager === undefined || stream === undefined) return this.listen(connection, sink, live, signal, manager);
    const { name: source, subject, durable, cursors } = this;
    this.reader = new JetStreamReader(manager, { source, stream, subject, durable, cursors });
    await this.reader.read(new MessageIntake(this.name, sink), live, signal);
  }

  /** Core NATS: without a stream there is nothing to acknowledge or to go back to, and a server cuts who does not keep up. */
  private async listen(
    connection: NatsConnection,
    sink: EventSink,
    live: () => void,
    signal: AbortSignal,
    manager: JetStreamManager | undefined,
  ): Promise<void> {
    const intake = new MessageIntake(this.name, new LossySink(this.name, sink));
    const callback = (error: Error | null, message: { string(): string }) => {
      if (error === null) intake.take(message.string()).catch(() => undefined); // Told to stop: its signal says so too.
    };
    connection.subscribe(this.subject, { callback });
    await unlessAborted(connection.flush(), signal);
    live();
    while (!signal.aborted) {
      await pause(LOOK_FOR_STREAM_MS, signal);
      if (manager && !signal.aborted && (await streamOf(manager, this.subject))) return; // Run again, we read that.
    }
  }
}

/** Undefined where the server has no JetStream. */
async function managerOf(connection: NatsConnection): Promise<JetStreamManager | undefined> {
  try {
    return await jetstreamManager(connection);
  } catch (error) {
    if (connection.isClosed()) throw error;
    return undefined;
  }
}

async function streamOf(manager: JetStreamManager, subject: string): Promise<string | undefined> {
  const names = await manager.streams.names(subject).next();
  return names[0];
}
