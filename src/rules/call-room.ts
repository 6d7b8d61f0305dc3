/**
 * The memory that the calls of all tenants may take together. If they need more, the tenants that have most give up the
 * calls of which nothing was heard for longest. So a tenant with very many calls does not push out those of others.
 * Pure.
 */

const MAX_BYTES = 64 * 1024 * 1024;
/** Making room goes a bit further, so that it is not made for each call. */
const [TO_SHARE, KEPT_SHARE] = [0.9, 0.75];

export interface Tenant {
  /** What its calls take, about. */
  readonly bytes: number;
  /** Drops calls until they take this much at most, or until no more can go. */
  dropOldest(toBytes: number): void;
}

export class CallRoom {
  private readonly tenants = new Set<Tenant>();
  private bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  get bytesTaken(): number {
    return this.bytes;
  }

  /** The tenant's calls take so much more; negative: less. */
  change(tenant: Tenant, bytes: number): void {
    this.tenants.add(tenant);
    this.bytes += bytes;
    if (bytes > 0 && this.bytes > this.maxBytes) this.makeRoom();
  }

  /** The tenant's calls are dropped. */
  leave(tenant: Tenant): void {
    if (this.tenants.delete(tenant)) this.bytes -= tenant.bytes;
  }

  private makeRoom(): void {
    const enough = this.maxBytes * TO_SHARE;
    for (let before = Infinity; this.bytes > enough && this.bytes < before;) {
      before = this.bytes;
      const largest = [...this.tenants].sort((one, other) => other.bytes - one.bytes);
      for (const tenant of largest) {
        if (this.bytes <= enough) break;
        tenant.dropOldest(tenant.bytes * KEPT_SHARE);
      }
    }
  }
}
