/**
 * What a durable consumer must be like for us to read it and lose nothing, pure. One that somebody made for us is taken as it
 * is or not at all: it is never changed or deleted, for with it go the messages that only it was to have (retention "interest").
 */
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/** Messages without an acknowledgement; more than the sink takes. */
const MAX_UNACKNOWLEDGED = 20_000;
/** A database that is away for longer makes messages come again; they are recognised. */
const ACK_WAIT_MS = 60_000;
/** Clocks of a cluster's servers may differ by as much. What is read again is recognised. */
const CLOCKS_MS = 60_000;

/** Why a consumer cannot be read, in words that follow its name; undefined: it can. */
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
 * A consumer to be made. `acknowledgedAt`: when the last message was stored in the stream that a consumer of ours, which is gone, had
 * acknowledged. By time, for a stream that was restored counts on from an old number.
 */
export function consumerFor(
  { config: { retention } }: StreamInfo,
  { subject, durable, acknowledgedAt }: { subject: string; durable: string; acknowledgedAt: Date | undefined },
): Partial<ConsumerConfig> {
  // Of a work queue, what has been acknowledged is gone: NATS wants it read from its beginning.
  const start =
    acknowledgedAt === undefined || retention === 'workqueue'
      ? { deliver_policy: DeliverPolicy.All }
      : {
          deliver_policy: DeliverPolicy.StartTime,
          opt_start_time: new Date(acknowledgedAt.getTime() - CLOCKS_MS).toISOString(),
        };
  return {
    ...{ durable_name: durable, filter_subject: subject, ack_policy: AckPolicy.Explicit, ...start },
    ...{ ack_wait: nanos(ACK_WAIT_MS), max_ack_pending: MAX_UNACKNOWLEDGED },
  };
}

/** The stream has every message of that subject. What a mirror or a collecting stream has is its origins' business. */
export function hasAllOf({ config: { subjects, mirror, sources } }: StreamInfo, subject: string): boolean {
  return mirror !== undefined || (sources ?? []).length > 0 || (subjects ?? []).some((one) => covers(one, subject));
}

/** The stream has nothing but messages of that subject, so that a number that is missing was one of them. */
export function hasOnly({ config: { subjects } }: StreamInfo, subject: string): boolean {
  return subject === '>' || (subjects?.length ? subjects.every((one) => covers(subject, one)) : false);
}

/** Whether every subject of the second pattern is one of the first: https://docs.nats.io/nats-concepts/subjects#wildcards */
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
