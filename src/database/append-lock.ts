/**
 * The append lock: the only row of `log_head`, locked until the transaction ends. `append_events` takes it to number
 * events. Every change of an agent's owner takes it too, so that the change is a clean cut in the log.
 */
import type { Prisma } from './generated/client.js';

/** Takes the lock and returns the log's last position: every event up to it was stamped before the change. */
export async function takeAppendLock(transaction: Prisma.TransactionClient): Promise<bigint> {
  const rows = await transaction.$queryRaw<
    { position: bigint }[]
  >`SELECT position FROM log_head WHERE id = 1 FOR UPDATE`;
  return rows[0]?.position ?? 0n;
}
