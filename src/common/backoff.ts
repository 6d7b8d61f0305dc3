/**
 * Exponential backoff with full jitter: the n-th wait is uniform in (0, min(max, first · 2ⁿ)].
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  private attempt = 0;

  constructor(private readonly bounds: { readonly firstMs: number; readonly maxMs: number }) {}

  nextMs(): number {
    const ceiling = Math.min(this.bounds.maxMs, this.bounds.firstMs * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 30);
    return Math.ceil(ceiling * (1 - Math.random()));
  }

  /** After a success: the next wait is short again. */
  reset(): void {
    this.attempt = 0;
  }
}

/** A number of milliseconds in [0.8, 1.2] × `ms`: spreads clients that would all come back at once. */
export function jitter(ms: number): number {
  return Math.round(ms * (0.8 + Math.random() * 0.4));
}
