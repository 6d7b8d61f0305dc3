/**
 * Reads a JetStream stream by a durable consumer, in the stream's order, and acknowledges after the commit. What a process that
 * died had not acknowledged would come again only after a while, behind what is newer: so a consumer that is owed
 * acknowledgements is made anew, from the first message that has none.
 */
import { AckPolicy, type ConsumerInfo, DeliverPolicy, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { SourceCursors } from '../source-cursors.js';
import type { MessageIntake } from './message-intake.js';

/** Messages that the client holds; the sink bounds what waits behind it. */
const MAX_PULLED = 500;
/** Messages without an acknowledgement; more than the sink takes. */
const MAX_UNACKNOWLEDGED = 20_000;
/** A database that is away for longer makes messages come again; they are recognised. */
const ACK_WAIT_MS = 60_000;
const CONSUMER_NOT_FOUND = 10_014;

export interface JetStreamOptions {
  readonly source: string;
  readonly stream: string;
  readonly subject: string;
  readonly durable: string;
  readonly cursors: Pick<SourceCursors, 'load' | 'save'>;
}

export class JetStreamReader {
  private last: JsMsg | undefined;

  constructor(
    private readonly manager: JetStreamManager,
    private readonly options: JetStreamOptions,
  ) {}

  /** Messages that the stream has behind the last one that was read; undefined before that. */
  get backlog(): number | undefined {
    return this.last?.info.pending;
  }

  /** Resolves when the signal aborts; rejects when stream or consumer are gone, or the sink is. */
  async read(intake: MessageIntake, live: () => void, signal: AbortSignal): Promise<void> {
    const { stream, durable } = this.options;
    const { created } = await this.manager.streams.info(stream);
    await this.prepare(`${stream}@${created}`);
    const consumer = await this.manager.jetstream().consumers.get(stream, durable);
    const messages = await consumer.consume({ max_messages: MAX_PULLED, abort_on_missing_resource: true });
    let failure: Error | undefined;
    const fail = (error: Error) => {
      failure ??= error;
      messages.stop();
    };
    signal.addEventListener('abort', () => messages.stop(), { once: true });
    if (signal.aborted) messages.stop();
    live();
    for await (const message of messages) {
      this.last = message;
      // A stream that was wiped counts from one again: its date tells its messages from the old one's.
      this.take(message, ['jetstream', stream, created, message.seq], intake).catch(fail);
      await intake.room();
      if (signal.aborted || failure) break;
    }
    if (failure && !signal.aborted) throw failure;
    if (!signal.aborted) throw new Error(`the stream ${stream} or its consumer is gone`);
  }

  private async take(message: JsMsg, identity: readonly unknown[], intake: MessageIntake): Promise<void> {
    const { isPoison } = await intake.take(message.string(), identity);
    if (isPoison) message.term();
    else message.ack();
  }

  private async prepare(log: string): Promise<void> {
    const { source, stream, durable, subject, cursors } = this.options;
    const found = await this.find();
    if (found?.num_ack_pending === 0 && found.config.filter_subject === subject) return;
    const floor = found?.ack_floor.stream_seq ?? (await cursors.load(source)).get(log)?.cursor;
    if (found) {
      // Written first: who dies between the two steps finds here where to go on.
      await cursors.save(source, log, found.ack_floor.stream_seq, false);
      await this.manager.consumers.delete(stream, durable);
    }
    const start =
      floor === undefined || floor === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: floor + 1 };
    await this.manager.consumers.add(stream, {
      ...{ durable_name: durable, filter_subject: subject, ack_policy: AckPolicy.Explicit, ...start },
      ...{ ack_wait: nanos(ACK_WAIT_MS), max_ack_pending: MAX_UNACKNOWLEDGED },
    });
  }

  private async find(): Promise<ConsumerInfo | undefined> {
    try {
      return await this.manager.consumers.info(this.options.stream, this.options.durable);
    } catch (error) {
      if ((error as { code?: number }).code === CONSUMER_NOT_FOUND) return undefined;
      throw error;
    }
  }
}
