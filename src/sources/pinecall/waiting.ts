/** Waiting that ends when its reader is told to stop. */
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after `ms`, or as soon as the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined); // Aborted: the loop that waits ends by itself.
}

/** A controller that is aborted with its parent; `release` when it is done, or the parent keeps it. */
export function childOf(parent: AbortSignal): { readonly controller: AbortController; readonly release: () => void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // One listener an attachment, and there are as many as there are calls.
  const stop = () => controller.abort();
  if (parent.aborted) stop();
  parent.addEventListener('abort', stop, { once: true });
  return { controller, release: () => parent.removeEventListener('abort', stop) };
}

/** Something to wait for that can be rung before the wait begins: no ring is missed, several count as one. */
export class Doorbell {
  private rung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  /** Resolves when it has been rung since the last wait, or after `ms`, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const { controller, release } = childOf(signal);
    this.wake = () => controller.abort();
    if (!this.rung) await pause(ms, controller.signal);
    this.wake = undefined;
    this.rung = false;
    release();
  }
}
