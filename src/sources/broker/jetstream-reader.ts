/**
 * Reads a JetStream stream by a durable consumer, in the stream's order, and acknowledges after the commit. Messages
 * that a dead process had not acknowledged would come again only after a while, behind newer ones. So we first hand
 * them back on its behalf.
 */
import {
  type ConsumerInfo,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
  JetStreamApiCodes,
  JetStreamApiError,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type NatsConnection, millis } from '@nats-io/transport-node';
import { SparseLog } from '../../common/sparse-log.js';
import { pause } from '../../common/waiting.js';
import type { SourceCursors } from '../source-cursors.js';
import { consumerFor, faultOf, hasAllOf, hasOnly } from './jetstream-consumer.js';
import type { LostMessages } from './lost-messages.js';
import type { MessageIntake } from './message-intake.js';

/** Messages that the client holds; the sink bounds those that wait behind it. */
const MAX_PULLED = 500;
const PULL_MS = 30_000;
/** How many numbers are handed back. Later ones come again when their time for an acknowledgement is over. */
const MAX_TAKEN_BACK = 100_000;
const ANSWER_MS = 5000;
const PAUSED = 'the consumer is paused';

export interface JetStreamOptions {
  readonly source: string;
  readonly stream: string;
  readonly subject: string;
  readonly durable: string;
  readonly cursors: Pick<SourceCursors, 'load' | 'save'>;
  readonly lost: LostMessages;
  /** How often we ask how far behind we are, and save how far we have come. */
  readonly lookMs: number;
}

export class JetStreamReader {
  /** Messages in the stream behind the last one that was read or asked about; undefined before that. */
  backlog: number | undefined;
  private caveat: string | undefined;
  private stall: string | undefined;
  private readonly log: SparseLog;
  private acknowledging: Promise<void> = Promise.resolve();
  /** The last message up to which all are committed. */
  private acknowledged: JsMsg | undefined;
  /**
   * Every message up to this number has been delivered, or is from before our time; undefined: we start at the
   * beginning.
   */
  private lastSeq: number | undefined;
  /** This run made the consumer, so it may deliver again what an earlier one had delivered. */
  private isNew = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly manager: JetStreamManager,
    private readonly options: JetStreamOptions,
  ) {
    this.log = new SparseLog('Sources', options.source);
  }

  /** What is wrong, in words. */
  get trouble(): string | undefined {
    return this.stall ?? this.caveat;
  }

  /** Resolves when the signal aborts. Rejects if the consumer cannot be read or is gone, or if the sink is. */
  async read(intake: MessageIntake, live: () => void, signal: AbortSignal): Promise<void> {
    const { stream, durable } = this.options;
    const info = await this.manager.streams.info(stream);
    const { config } = await this.prepare(info);
    const consumer = await this.manager.jetstream().consumers.get(stream, durable);
    const messages = await consumer.consume({
      max_messages: Math.min(MAX_PULLED, config.max_batch || MAX_PULLED),
      expires: Math.min(PULL_MS, config.max_expires ? millis(config.max_expires) : PULL_MS),
      abort_on_missing_resource: true,
    });
    signal.addEventListener('abort', () => messages.stop(), { once: true });
    if (signal.aborted) messages.stop();
    void this.listen(messages);
    void this.keepLooking(info, signal);
    live();
    try {
      await this.takeAll(messages, info, intake, signal);
    } catch (error) {
      if (!(error instanceof Error && error.message === 'consumer deleted')) throw error;
    }
    if (!signal.aborted) throw new Error(`the stream ${stream} or its consumer "${durable}" is gone`);
  }

  private async takeAll(messages: ConsumerMessages, info: StreamInfo, intake: MessageIntake, signal: AbortSignal) {
    const countsAll = hasOnly(info, this.options.subject);
    let failure: Error | undefined;
    for await (const message of messages) {
      this.backlog = message.info.pending;
      if (countsAll && !message.redelivered) this.countUpTo(message.seq - 1);
      this.lastSeq = Math.max(this.lastSeq ?? 0, message.seq);
      this.take(message, info, intake).catch((error: Error) => {
        failure ??= error;
        messages.stop();
      });
      if (message.info.pending === 0) this.isNew = false;
      await intake.room();
      if (signal.aborted || failure) break;
    }
    if (failure && !signal.aborted) throw failure;
  }

  /** Acknowledged in the order of arrival: with some consumers one acknowledgement counts for all before it. */
  private take(message: JsMsg, { config: { name }, created }: StreamInfo, intake: MessageIntake): Promise<void> {
    // A stream that was made again or restored counts from an old number: the time distinguishes its messages.
    const identity = ['jetstream', message.seq, String(message.timestampNanos)];
    // The identity in versions before 2026-11-27.
    const former = message.redelivered || this.isNew ? ['jetstream', name, created, message.seq] : undefined;
    const taken = intake.take(message.string(), identity, former);
    this.acknowledging = Promise.all([this.acknowledging, taken]).then(([, { isPoison }]) => {
      if (isPoison) message.term();
      else message.ack();
      if (message.seq > (this.acknowledged?.seq ?? 0)) this.acknowledged = message;
    });
    return this.acknowledging;
  }

  private async prepare(stream: StreamInfo): Promise<ConsumerInfo> {
    const { subject, durable } = this.options;
    const found = await this.find();
    if (!hasAllOf(stream, subject))
      this.caveat = `the stream ${stream.config.name} does not have all of ${subject}: what is not in it is lost`;
    if (this.caveat !== undefined) this.log.warn('caveat', this.caveat);
    if (!found) return this.make(stream);
    const fault = faultOf(found.config, subject, stream);
    if (fault !== undefined)
      throw new Error(
        `the consumer "${durable}" of the stream ${stream.config.name} ${fault}: name another one by ?durable=, which is made if it is not there`,
      );
    this.lastSeq = found.delivered.stream_seq;
    if (hasOnly(stream, subject)) this.countUpTo(stream.state.first_seq - 1);
    await this.takeBack(found, stream);
    return found;
  }

  private async make(stream: StreamInfo): Promise<ConsumerInfo> {
    const { source, subject, durable, cursors } = this.options;
    const row = (await cursors.load(source)).get(logOf(stream));
    const acknowledgedAt = row && new Date(row.cursor);
    this.isNew = true;
    if (row) this.log.warn('made', `the consumer "${durable}" of the stream ${stream.config.name} was gone; made anew`);
    return this.manager.consumers.add(stream.config.name, consumerFor(stream, { subject, durable, acknowledgedAt }));
  }

  /**
   * Tells NATS that every message without an acknowledgement was not taken: then it comes again at once, in its place.
   * We do not make a new consumer for that: on a work queue it cannot begin just anywhere, and "interest" drops what
   * the old one was to get. The subject of an acknowledgement:
   * https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
   */
  private async takeBack({ name, ack_floor, delivered, num_ack_pending }: ConsumerInfo, stream: StreamInfo) {
    if (num_ack_pending === 0) return;
    const gone = Math.min(num_ack_pending, stream.state.first_seq - 1 - ack_floor.stream_seq);
    if (gone > 0) this.options.lost.note(gone, 'went from the stream before they were known to be stored');
    const last = Math.min(delivered.stream_seq, ack_floor.stream_seq + MAX_TAKEN_BACK);
    const subject = (seq: number) => `$JS.ACK.${stream.config.name}.${name}.1.${seq}.${delivered.consumer_seq}.0.0`;
    for (let seq = ack_floor.stream_seq + 1; seq < last; seq++) this.connection.publish(subject(seq), '-NAK');
    // NATS handles them in order: when the last is answered, all are. If none is, the messages come by themselves, only
    // later.
    await this.connection.request(subject(last), '-NAK', { timeout: ANSWER_MS }).catch((error: Error) => {
      this.log.warn('taken back', `what was not acknowledged comes again later: ${error.message}`);
    });
  }

  /** A message missing up to this number was removed before it was read. */
  private countUpTo(seq: number): void {
    if (this.lastSeq !== undefined && seq > this.lastSeq)
      this.options.lost.note(seq - this.lastSeq, 'were removed from the stream before they were read');
    if (this.lastSeq !== undefined) this.lastSeq = Math.max(this.lastSeq, seq);
  }

  private async find(): Promise<ConsumerInfo | undefined> {
    try {
      return await this.manager.consumers.info(this.options.stream, this.options.durable);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return undefined;
      throw error;
    }
  }

  private async keepLooking(stream: StreamInfo, signal: AbortSignal): Promise<void> {
    const { lookMs } = this.options;
    for (await pause(lookMs, signal); !signal.aborted; await pause(lookMs, signal))
      await this.look(stream).catch((error: Error) =>
        this.log.warn('look', `how far it is is not known: ${error.message}`),
      );
  }

  private async look(stream: StreamInfo): Promise<void> {
    const last = this.acknowledged;
    const info = await this.manager.consumers.info(this.options.stream, this.options.durable);
    this.backlog = info.num_pending;
    this.stalls(info.paused ? PAUSED : undefined);
    if (last === undefined || info.ack_floor.stream_seq < last.seq) return;
    await this.options.cursors.save(this.options.source, logOf(stream), last.time.getTime(), false);
  }

  /** How NATS answers the pulls: limits may forbid them, or nothing comes at all. */
  private async listen(messages: ConsumerMessages): Promise<void> {
    for await (const status of messages.status()) {
      if (status.type === 'exceeded_limits') this.stalls(`NATS refuses to hand messages out: ${status.description}`);
      else if (status.type === 'heartbeats_missed') this.stalls('NATS says nothing of the consumer any more');
      else if (status.type === 'heartbeat' && this.stall !== PAUSED) this.stalls(undefined);
    }
  }

  private stalls(why: string | undefined): void {
    if (why !== undefined && this.stall !== why) this.log.warn(why, why);
    this.stall = why;
  }
}

/** The cursor of this log: when the last acknowledged message was stored, in milliseconds. */
function logOf({ config: { name }, created }: StreamInfo): string {
  return `${name}@${created} acknowledged`;
}
