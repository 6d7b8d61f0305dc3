/**
 * What a durable consumer must be like so that we can read it and lose nothing. Pure. A consumer that somebody made for
 * us is used as it is or not at all. It is never changed or deleted: the messages that only it was to get would be lost
 * with it (retention "interest").
 */
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/** Messages without an acknowledgement; more than the sink accepts. */
const MAX_UNACKNOWLEDGED = 20_000;
/** If the database is away for longer, messages come again; their repeats are recognised. */
const ACK_WAIT_MS = 60_000;
/** Clocks of a cluster's servers may differ by this much. What is read twice is recognised. */
const CLOCKS_MS = 60_000;

/** Why a consumer cannot be read, in words that follow its name; undefined: it can be read. */
export function faultOf(config: ConsumerConfig, subject: string, stream: StreamInfo): string | undefined {
  const filters = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
  const readsAll = filters.length === 0 && hasOnly(stream, subject);
  if (config.deliver_subject) return 'is a push consumer, and only pull consumers can be told to wait';
  if (config.ack_policy === AckPolicy.None)
    return 'takes messages for acknowledged when it has sent them, so that a crash would lose them';
  if (config.headers_only) return 'leaves the bodies of the messages out';
  if ((config.max_deliver ?? -1) > 0)
    return `gives a message up after ${config.max_deliver} deliveries (max_deliver), so that a failing database would lose it`;
  if (config.priority_groups?.length) return 'has priority groups';
  if (!readsAll && filters.join() !== subject)
    return `reads ${filters.length === 0 ? 'the whole stream' : filters.join(', ')}, and not ${subject}`;
  return undefined;
}

/**
 * A consumer to be made. `acknowledgedAt`: when the last message that our earlier, now lost, consumer had acknowledged
 * was stored in the stream. A time, because a restored stream counts on from an old number.
 */
export function consumerFor(
  { config: { retention } }: StreamInfo,
  { subject, durable, acknowledgedAt }: { subject: string; durable: string; acknowledgedAt: Date | undefined },
): Partial<ConsumerConfig> {
  // A work queue removes acknowledged messages, so NATS requires reading it from its beginning.
  const start =
    acknowledgedAt === undefined || retention === 'workqueue'
      ? { deliver_policy: DeliverPolicy.All }
      : {
          deliver_policy: DeliverPolicy.StartTime,
          opt_start_time: new Date(acknowledgedAt.getTime() - CLOCKS_MS).toISOString(),
        };
  return {
    durable_name: durable,
    filter_subject: subject,
    ack_policy: AckPolicy.Explicit,
    ...start,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: MAX_UNACKNOWLEDGED,
  };
}

/** The stream has every message of that subject. For a mirror or a collecting stream, its origins decide. */
export function hasAllOf({ config: { subjects, mirror, sources } }: StreamInfo, subject: string): boolean {
  return mirror !== undefined || (sources ?? []).length > 0 || (subjects ?? []).some((one) => covers(one, subject));
}

/** The stream has only messages of that subject, so a missing number was one of them. */
export function hasOnly({ config: { subjects } }: StreamInfo, subject: string): boolean {
  return subject === '>' || (subjects?.length ? subjects.every((one) => covers(subject, one)) : false);
}

/**
 * True if the first pattern covers every subject of the second: https://docs.nats.io/nats-concepts/subjects#wildcards
 */
export function covers(pattern: string, subject: string): boolean {
  const [wanted, given] = [pattern.split('.'), subject.split('.')];
  const tail = wanted.at(-1) === '>';
  if (tail ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((token, index) =>
    tail && index === wanted.length - 1
      ? true
      : token === '*'
        ? given[index] !== '>'
        : token === given[index] && token !== '>',
  );
}
