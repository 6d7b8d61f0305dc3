/**
 * A priority queue by time: a binary heap. Items that are due at the same moment leave in the order in which they came.
 */

interface Entry<T> {
  readonly atMs: number;
  readonly order: number;
  readonly item: T;
}

export class DueQueue<T> {
  private readonly heap: Entry<T>[] = [];
  private added = 0;

  push(atMs: number, item: T): void {
    const entry = { atMs, order: (this.added += 1), item };
    let hole = this.heap.length;
    this.heap.push(entry);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = this.heap[parent];
      if (above === undefined || precedes(above, entry)) break;
      this.heap[hole] = above;
      hole = parent;
    }
    this.heap[hole] = entry;
  }

  /** Takes the item that is due first; undefined if empty. */
  pop(): { readonly atMs: number; readonly item: T } | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let hole = 0;
    for (;;) {
      const child = this.lesserChild(hole);
      const below = this.heap[child];
      if (below === undefined || precedes(last, below)) break;
      this.heap[hole] = below;
      hole = child;
    }
    this.heap[hole] = last;
    return first;
  }

  private lesserChild(parent: number): number {
    const left = this.heap[2 * parent + 1];
    const right = this.heap[2 * parent + 2];
    return left !== undefined && right !== undefined && precedes(right, left) ? 2 * parent + 2 : 2 * parent + 1;
  }
}

function precedes(left: Entry<unknown>, right: Entry<unknown>): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
