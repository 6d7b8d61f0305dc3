/**
 * Counts bytes that are held for an owner until they are no longer needed: request bodies, answers that wait to be
 * read. Each owner has a bound and all together have one, so that one owner's cost never falls on another.
 */
import { Counts } from './counts.js';

/** Who causes the cost: a tenant, the platform, or the address of an unknown client. */
export interface Owner {
  readonly key: string;
  readonly maxBytes: number;
}

export class ByteBudget {
  private readonly held = new Counts();
  private all = 0;

  constructor(private readonly maxBytes: number) {}

  /**
   * Which bound these bytes would exceed. An owner that holds nothing may exceed its own with one thing of any size.
   */
  obstacle({ key, maxBytes }: Owner, bytes: number): 'owner' | 'all' | undefined {
    const own = this.held.of(key);
    if (own > 0 && own + bytes > maxBytes) return 'owner';
    return this.all > 0 && this.all + bytes > this.maxBytes ? 'all' : undefined;
  }

  /** Returns the function that gives them back; a second call does nothing. */
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
