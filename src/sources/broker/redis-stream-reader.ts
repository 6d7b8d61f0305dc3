/**
 * Reads a Redis stream as a consumer group, in the stream's order, and acknowledges after the commit. One process reads
 * at a time, so entries that any consumer of the group left without an acknowledgement are ours, and come before newer
 * ones.
 */
import type { Redis } from 'ioredis';
import { hashOf } from '../../events/log/idempotency-keys.js';
import type { LostMessages } from './lost-messages.js';
import type { MessageIntake } from './message-intake.js';
import { sightOf } from './redis-stream-sight.js';

const CONSUMER = 'switchboard';
/** Entries per read. */
const COUNT = 500;
/** How long a read waits for an entry: a stop may take this long to be noticed. */
const BLOCK_MS = 500;

interface RedisStream {
  /** A connection that only waits for entries. */
  readonly reader: Redis;
  readonly teller: Redis;
  readonly topic: string;
  readonly group: string;
  readonly source: string;
  readonly lost: LostMessages;
}

type Entry = [id: string, fields: string[] | null];
/** Where to go on, the entries that still exist, and (from Redis 7 on) the ids of those that do not. */
type Claimed = [next: string, entries: (Entry | null)[], deleted?: string[]];

export class RedisStreamReader {
  /** Entries that the group has not been given yet, at the last check; undefined: Redis does not say. */
  backlog: number | undefined;
  /** This run made the group: it is given again what an earlier one was given. */
  private isNew = false;
  /** The known entries among those that the group was never given. */
  private missed: number | undefined;

  constructor(private readonly stream: RedisStream) {}

  /** The group begins at the beginning: entries from before our time are wanted, too. True if there was no group. */
  async prepare(): Promise<boolean> {
    const { teller, topic, group } = this.stream;
    this.isNew = true;
    await teller.xgroup('CREATE', topic, group, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
      this.isNew = false;
    });
    await this.look();
    return this.isNew;
  }

  /** Resolves when the signal aborts. Rejects if the group is gone, or the sink is. */
  async read(intake: MessageIntake, live: () => void, signal: AbortSignal): Promise<void> {
    const { reader, topic, group } = this.stream;
    let failure: Error | undefined;
    const take = async (entries: readonly Entry[], isAgain: boolean) => {
      this.acknowledgeAfterCommit(entries, isAgain, intake).catch((error: Error) => (failure ??= error));
      await intake.room();
      if (failure && !signal.aborted) throw failure;
    };
    for (let next = '0-0'; !signal.aborted;) {
      const answer = await reader.xautoclaim(topic, group, CONSUMER, 0, next, 'COUNT', COUNT);
      live();
      const [after, claimed, deleted = []] = answer as Claimed;
      const entries = claimed.filter((entry): entry is Entry => entry?.[1] != null);
      this.countGone(claimed.length - entries.length + deleted.length);
      // Before Redis 7 they stay with us until we release them.
      for (const entry of claimed) if (entry?.[1] === null) await reader.xack(topic, group, entry[0]);
      await take(entries, true);
      next = after;
      if (next === '0-0') break;
    }
    while (!signal.aborted) {
      const args = ['GROUP', group, CONSUMER, 'COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', topic, '>'] as const;
      const read = await reader.xreadgroup(...args);
      for (const [, entries] of read ?? []) await take(entries, this.isNew);
      if (read === null) this.isNew = false;
      if (failure) throw failure;
    }
  }

  /** How far behind we are, and whether the stream was trimmed past us. Without the right to ask, neither is known. */
  async look(): Promise<void> {
    const { teller, topic, group } = this.stream;
    const asked = [teller.xinfo('STREAM', topic), teller.xinfo('GROUPS', topic)];
    const [stream, groups] = (await Promise.all(asked).catch(() => [[], []])) as [unknown[], unknown[][]];
    const { lag, missing, isPastUs } = sightOf(stream, groups, group);
    this.backlog = lag;
    if (missing === undefined) return;
    // Earlier losses are reported only if they must have happened since the group was last read.
    const before = this.missed ?? (isPastUs && !this.isNew ? 0 : missing);
    if (missing > before) this.stream.lost.note(missing - before, 'were removed from the stream before they were read');
    this.missed = missing;
  }

  private countGone(count: number): void {
    if (count > 0) this.stream.lost.note(count, 'went from the stream before they were known to be stored');
  }

  private async acknowledgeAfterCommit(entries: readonly Entry[], isAgain: boolean, intake: MessageIntake) {
    if (entries.length === 0) return;
    const { teller, topic, group, source } = this.stream;
    const taken = entries.map(([id, fields]) => {
      const body = bodyOf(fields);
      // A stream that was made again may count from the same ids: the entry's content distinguishes it from the old
      // one.
      const identity = ['redis-stream', topic, id, hashOf(body)];
      // The identity in versions before 2026-11-27.
      return intake.take(body, identity, isAgain ? ['redis-stream', source, id] : undefined);
    });
    // All are handed on in one turn, so that they keep their order and share a commit.
    await Promise.all(taken);
    await teller.xack(topic, group, ...entries.map(([id]) => id));
  }
}

/** The field `event` or `data`, or the only one. */
function bodyOf(fields: string[] | null): string {
  const names = (fields ?? []).filter((_, index) => index % 2 === 0);
  const at =
    ['event', 'data'].map((name) => names.indexOf(name)).find((index) => index >= 0) ?? (names.length === 1 ? 0 : -1);
  return fields?.[at * 2 + 1] ?? '';
}
