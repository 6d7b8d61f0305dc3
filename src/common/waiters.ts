/** Several who wait for one thing, each until its own signal aborts: it is wanted until the last of them has left. */
export class Waiters {
  private readonly left = new AbortController();
  private readonly leaving = new Map<AbortSignal, () => void>();

  /** Aborts when nobody waits any more, with the reason of who was the last. */
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

  /** It is there: nobody is listened to any more. */
  end(): void {
    for (const [until, leave] of this.leaving) until.removeEventListener('abort', leave);
  }
}
