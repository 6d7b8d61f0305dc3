/** Waits that end: after a time, when a signal aborts, or when a bell is rung. Nothing here rejects on its own. */
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { SparseLog } from './sparse-log.js';

const log = new SparseLog('Timers');

/** Resolves after `ms`, or as soon as the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined); // Aborted: the waiting loop checks the signal itself.
}

/** A controller that aborts with its parent. Call `release` when it is no longer needed, or the parent keeps it. */
export function childOf(parent: AbortSignal): { readonly controller: AbortController; readonly release: () => void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // One listener an attachment, and there are as many as there are calls.
  const stop = () => controller.abort();
  if (parent.aborted) stop();
  parent.addEventListener('abort', stop, { once: true });
  return { controller, release: () => parent.removeEventListener('abort', stop) };
}

/**
 * The promise's value, or undefined as soon as the signal aborts. Unlike `Promise.race`, it leaves no listener behind.
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** The promise's value, or undefined if it takes longer than `ms`. Rejects if the promise does. */
export async function withinTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  // After a busy moment the answer may already be in the socket, so it gets its turn before the clock.
  const late = new Promise<undefined>(
    (resolve) => (timer = setTimeout(() => setImmediate(() => resolve(undefined)), ms)),
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** False if the answer has not come within `ms`, or was an error. */
export async function cameInTime(answer: Promise<unknown>, ms: number): Promise<boolean> {
  const came = answer.then(
    () => true,
    () => false,
  );
  return (await withinTime(came, ms)) ?? false;
}

/**
 * How long work that was told to stop is waited for when the process stops. Modules stop one after another, and readers
 * get their goodbye after all of them: a silent database may hold up each of them for so long.
 */
const STOP_MS = 500;

/** Resolves when the work has stopped, or after a moment. */
export async function untilStopped(work: Promise<unknown> | undefined): Promise<void> {
  if (work) await withinTime(work, STOP_MS).catch(() => undefined); // It has said so itself.
}

/** Wakes one waiter. A ring that comes before the wait ends that wait at once; several rings count as one. */
export class Doorbell {
  private isRung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.isRung = true;
    this.wake?.();
  }

  /** Resolves if it was rung since the last wait, or after `ms`, or when the signal aborts. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const own = new AbortController();
    const ended = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
    this.wake = () => own.abort();
    if (!this.isRung) await pause(ms, ended);
    this.wake = undefined;
    this.isRung = false;
  }
}

/**
 * Work that is repeated every `ms` while it is started. A failure is logged, and the work is done again the next time.
 */
export class Interval {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ms: number,
    private readonly work: () => unknown,
  ) {}

  start(): void {
    this.stop();
    this.timer = setInterval(() => void this.run(), this.ms);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      log.error(
        'interval',
        `what is done every ${this.ms} ms failed`,
        error instanceof Error ? error.stack : undefined,
      );
    }
  }
}
