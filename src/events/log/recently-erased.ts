/**
 * The calls that were erased recently. This process may still hold something of them (a page of the log, a batch on its
 * way, the tenant of a call), and must not give it to anybody. The bus announces an erasure at once; regular looks at
 * the database find announcements that were lost. An event of such a call that comes in later is refused elsewhere: see
 * event-log.ts.
 */
import { LRUCache } from 'lru-cache';
import { Injectable, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Observable, Subject, Subscription } from 'rxjs';
import { Bus } from '../../bus/bus.js';
import type { CallId, TenantId } from '../../common/ids.js';
import { PgPool } from '../../database/pg-pool.js';
import { type CallName, callKey } from './event.js';
import { Interval } from '../../common/waiting.js';

/** A lost message is made good within this time. */
const SWEEP_MS = 4000;
/** A sweep looks back further than to the sweep before it, because a commit becomes visible a moment after its time. */
const OVERLAP_MS = 15_000;
/** Calls that are remembered. Nothing that was read before the oldest of them is still kept anywhere. */
const MAX_REMEMBERED = 10_000;

const RECENT = `SELECT DISTINCT call_id AS "callId", nullif(tenant_id, '') AS "tenantId" FROM call_tenants
  WHERE erased_at > now() - $1 * interval '1 millisecond'`;

@Injectable()
export class RecentlyErased implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly remembered = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  private readonly heard = new Subject<CallName>();
  private readonly subscription = new Subscription();
  private readonly sweeping = new Interval(SWEEP_MS, () => this.sweep());
  private sweptAt = performance.now();
  private count = 0;

  /** Emits each call once, as soon as this process knows of its erasure. */
  readonly erasures: Observable<CallName> = this.heard;

  constructor(
    private readonly bus: Bus,
    private readonly pool: PgPool,
  ) {}

  onApplicationBootstrap(): void {
    this.subscription.add(
      this.bus.messages.subscribe((message) => {
        if (message.kind !== 'call-erased') return;
        this.note({ tenantId: message.tenantId as TenantId | null, callId: message.callId as CallId });
      }),
    );
    this.sweeping.start();
  }

  onApplicationShutdown(): void {
    this.sweeping.stop();
    this.subscription.unsubscribe();
  }

  /** Changes after every erasure. What was read under an earlier revision has to be read again. */
  get revision(): number {
    return this.count;
  }

  /** True when one of these things belongs to a call that was erased a short while ago. */
  concerns(things: readonly { readonly tenantId: string | null; readonly callId: string | null }[]): boolean {
    const isErased = ({ tenantId, callId }: (typeof things)[number]) =>
      callId !== null && this.remembered.has(callKey(tenantId, callId));
    return this.remembered.size > 0 && things.some(isErased);
  }

  private note(call: CallName): void {
    const key = callKey(call.tenantId, call.callId);
    if (this.remembered.has(key)) return;
    this.remembered.set(key, true);
    this.count += 1;
    this.heard.next(call);
  }

  private async sweep(): Promise<void> {
    const askedAt = performance.now();
    try {
      const { rows } = await this.pool.query<CallName>(RECENT, [askedAt - this.sweptAt + OVERLAP_MS]);
      this.sweptAt = askedAt;
      for (const call of rows) this.note(call);
    } catch {
      // The database is away, so nothing can be read. The next sweep looks back further.
    }
  }
}
