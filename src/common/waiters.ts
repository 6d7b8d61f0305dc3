/**
 * Several callers that wait for one thing, each until its own signal aborts. The thing is wanted until the last of them
 * has left.
 */
export class Waiters {
  private readonly left = new AbortController();
  private readonly leaving = new Map<AbortSignal, () => void>();

  /** Aborts when nobody waits any more, with the reason of the last one to leave. */
  get until(): AbortSignal {
    return this.left.signal;
  }

  join(until: AbortSignal): void {
    if (this.leaving.has(until)) return;
    const leave = () => {
      this.leaving.delete(until);
      if (this.leaving.size === 0) this.left.abort(until.reason);
    };
    this.leaving.set(until, leave);
    if (until.aborted) leave();
    else until.addEventListener('abort', leave, { once: true });
  }

  /** The thing is there: the signals do not matter any more. */
  end(): void {
    for (const [until, leave] of this.leaving) until.removeEventListener('abort', leave);
  }
}
