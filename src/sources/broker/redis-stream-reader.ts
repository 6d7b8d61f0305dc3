/**
 * Reads a Redis stream as a consumer group, in the stream's order, and acknowledges after the commit. One process reads at a
 * time, so what any consumer of the group has left without an acknowledgement is ours, and comes before anything newer.
 */
import type { Redis } from 'ioredis';
import type { MessageIntake } from './message-intake.js';

const CONSUMER = 'switchboard';
/** Entries a read. */
const COUNT = 500;
/** How long a read waits for an entry: as long as a stop may take to be noticed. */
const BLOCK_MS = 500;

interface RedisStream {
  /** Waits for entries; does nothing else. */
  readonly reader: Redis;
  readonly teller: Redis;
  readonly topic: string;
  readonly group: string;
  readonly source: string;
}

type Entry = [id: string, fields: string[] | null];

/** Needs the group: {@link createGroup}. Resolves when the signal aborts; rejects when the group is gone, or the sink is. */
export async function readRedisStream(
  stream: RedisStream,
  intake: MessageIntake,
  live: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { reader, topic, group } = stream;
  let failure: Error | undefined;
  const take = async (entries: readonly Entry[]) => {
    acknowledgeAfterCommit(stream, entries, intake).catch((error: Error) => (failure ??= error));
    await intake.room();
    if (failure && !signal.aborted) throw failure;
  };
  live();
  for (let next = '0-0'; !signal.aborted;) {
    const [after, entries] = (await reader.xautoclaim(topic, group, CONSUMER, 0, next, 'COUNT', COUNT)) as [
      string,
      Entry[],
    ];
    await take(entries);
    next = after;
    if (next === '0-0') break;
  }
  while (!signal.aborted) {
    const args = ['GROUP', group, CONSUMER, 'COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', topic, '>'] as const;
    const read = await reader.xreadgroup(...args);
    for (const [, entries] of read ?? []) await take(entries);
    if (failure) throw failure;
  }
}

/** From the beginning: what was there before us is wanted, too. */
export async function createGroup(client: Redis, topic: string, group: string): Promise<void> {
  await client.xgroup('CREATE', topic, group, '0', 'MKSTREAM').catch((error: Error) => {
    if (!error.message.startsWith('BUSYGROUP')) throw error;
  });
}

async function acknowledgeAfterCommit(
  { teller, topic, group, source }: RedisStream,
  entries: readonly Entry[],
  intake: MessageIntake,
): Promise<void> {
  if (entries.length === 0) return;
  // All are handed on in one turn, so that they keep their order and share a commit.
  await Promise.all(entries.map(([id, fields]) => intake.take(bodyOf(fields), ['redis-stream', source, id])));
  await teller.xack(topic, group, ...entries.map(([id]) => id));
}

/** The field `event` or `data`, or the only one. An entry that was deleted meanwhile has none. */
function bodyOf(fields: string[] | null): string {
  const names = (fields ?? []).filter((_, index) => index % 2 === 0);
  const at =
    ['event', 'data'].map((name) => names.indexOf(name)).find((index) => index >= 0) ?? (names.length === 1 ? 0 : -1);
  return fields?.[at * 2 + 1] ?? '';
}
