/** Counts which tenants are read on this process: a tenant is followed until its last reader leaves. */
export class Follows {
  private readonly tenants = new Map<string | null, number>();
  private everything = 0;

  constructor(
    private readonly begin: (tenantId: string | null | undefined) => void,
    private readonly end: (tenantId: string | null | undefined) => void,
  ) {}

  /** Undefined stands for all tenants. Returns the function that stops following. */
  add(tenantId: string | null | undefined): () => void {
    if (this.move(tenantId, 1) === 1) this.begin(tenantId);
    let left = false;
    return () => {
      if (!left && this.move(tenantId, -1) === 0) this.end(tenantId);
      left = true;
    };
  }

  has(tenantId: string | null): boolean {
    return this.everything > 0 || this.tenants.has(tenantId);
  }

  get all(): boolean {
    return this.everything > 0;
  }

  get singly(): Iterable<string | null> {
    return this.tenants.keys();
  }

  private move(tenantId: string | null | undefined, by: number): number {
    if (tenantId === undefined) return (this.everything += by);
    const count = (this.tenants.get(tenantId) ?? 0) + by;
    if (count === 0) this.tenants.delete(tenantId);
    else this.tenants.set(tenantId, count);
    return count;
  }
}
