/**
 * Bytes that are held for somebody until they are done with: bodies that are read, answers that wait to be taken. Bounded for
 * each owner and for all together, so that one owner's cost is never another's.
 */
import { Counts } from './counts.js';

/** Who causes the cost: a tenant, the platform, or the address of somebody unknown. */
export interface Owner {
  readonly key: string;
  readonly maxBytes: number;
}

export class ByteBudget {
  private readonly held = new Counts();
  private all = 0;

  constructor(private readonly maxBytes: number) {}

  /** Whose bound these bytes would pass. An owner that holds nothing passes its own with one thing of any size. */
  obstacle({ key, maxBytes }: Owner, bytes: number): 'owner' | 'all' | undefined {
    const own = this.held.of(key);
    if (own > 0 && own + bytes > maxBytes) return 'owner';
    return this.all > 0 && this.all + bytes > this.maxBytes ? 'all' : undefined;
  }

  /** Returns how to give them back; twice gives them back once. */
  take({ key }: Owner, bytes: number): () => void {
    let isHeld = true;
    this.add(key, bytes);
    return () => {
      if (isHeld) this.add(key, -bytes);
      isHeld = false;
    };
  }

  get heldBytes(): number {
    return this.all;
  }

  private add(key: string, bytes: number): void {
    this.held.add(key, bytes);
    this.all += bytes;
  }
}
