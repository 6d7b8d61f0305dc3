/**
 * The primary of a cluster accepts connections and hands each to a worker, which answers that it has it; then the
 * primary lets go of its own end. A worker that is killed before it answers leaves the primary holding that end for
 * ever (Node 20's lib/internal/cluster/round_robin_handle.js waits for the answer): its client is connected to nobody,
 * hears nothing, and waits. Here the connection is closed, and the client comes again.
 *
 * Node says none of this by a documented event: what is known here of its messages is held by a test of `--workers`.
 */
import type { Worker } from 'node:cluster';

interface Closable {
  close(): void;
}

interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: number;
  readonly ack?: number;
}

type Send = (message: ClusterMessage, handle?: Closable, ...rest: unknown[]) => boolean;

/** To be called once for each worker, right after its start. */
export function closeWhatItNeverTook(worker: Worker): void {
  const child = worker.process;
  const unanswered = new Map<number, Closable>();
  const closeAll = () => unanswered.forEach((handle) => handle.close());
  const sender = child as unknown as { send: Send };
  const send = sender.send.bind(child);
  sender.send = (message, handle, ...rest) => {
    const isHandover = message.cmd === 'NODE_CLUSTER' && message.act === 'newconn';
    if (isHandover && message.seq !== undefined && handle) unanswered.set(message.seq, handle);
    // The process may end before its channel, or after it.
    if (!worker.isDead()) return send(message, handle, ...rest);
    closeAll();
    return false;
  };
  child.on('internalMessage', ({ ack }: ClusterMessage) => void (ack !== undefined && unanswered.delete(ack)));
  // Not 'disconnect', which never comes while an answer is missing.
  child.once('exit', closeAll);
}
