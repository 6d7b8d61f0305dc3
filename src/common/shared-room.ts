import { Counts } from './counts.js';

/** Room that tenants share, in any unit: a bound on all that is held, and on what one tenant holds. */
export class SharedRoom {
  private held = 0;
  private readonly byTenant = new Counts();

  constructor(private readonly bounds: { readonly all: number; readonly each: number }) {}

  /** False if there is not enough room; otherwise it is held until it is given back. */
  take(tenantId: string | null, size: number): boolean {
    const key = tenantId ?? '';
    if (this.held + size > this.bounds.all || this.byTenant.of(key) + size > this.bounds.each) return false;
    this.held += size;
    this.byTenant.add(key, size);
    return true;
  }

  give(tenantId: string | null, size: number): void {
    this.held -= size;
    this.byTenant.add(tenantId ?? '', -size);
  }
}
