/**
 * Look-ups that are made together. While one round runs, new questions collect for the next. So rounds grow with the
 * load, without a timeout, and every answer is younger than its question.
 */
export class Collected<Key, Value> {
  private waiting = new Map<Key, PromiseWithResolvers<Value>>();
  private working = false;

  /** `load` answers for every key that it is given. If it rejects, all of them reject. */
  constructor(private readonly load: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>) {}

  get(key: Key): Promise<Value> {
    const asked = this.waiting.get(key) ?? withResolvers<Value>();
    this.waiting.set(key, asked);
    if (!this.working) void this.work();
    return asked.promise;
  }

  private async work(): Promise<void> {
    this.working = true;
    // The first round takes every question of this turn of the event loop, from all connections.
    await new Promise(setImmediate);
    while (this.waiting.size > 0) {
      const round = this.waiting;
      this.waiting = new Map();
      try {
        const values = await this.load([...round.keys()]);
        for (const [key, { resolve, reject }] of round) {
          const value = values.get(key);
          if (value === undefined) reject(new Error('a look-up was not answered'));
          else resolve(value);
        }
      } catch (error) {
        for (const { reject } of round.values()) reject(error);
      }
    }
    this.working = false;
  }
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((whenResolved, whenRejected) => {
    resolve = whenResolved;
    reject = whenRejected;
  });
  return { promise, resolve, reject };
}
