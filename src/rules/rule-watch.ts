/**
 * Takes care that the calls of the tenants for which this process reads are found again after it took over, and dropped
 * when it no longer reads.
 */
import { Injectable, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { Bus } from '../bus/bus.js';
import type { TenantId } from '../common/ids.js';
import { Interval } from '../common/waiting.js';
import { PrismaService } from '../database/prisma.service.js';
import { LogReaders } from '../readers/log-readers.js';
import { ReaderTable } from '../readers/reader-table.js';
import { LiveRules, RULES } from './live-rules.js';
import { RuleSets } from './rule-sets.js';

const LOOK_MS = 1000;

@Injectable()
export class RuleWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly looking = new Interval(LOOK_MS, () => this.lookOnce());
  private readonly revisions = new Map<TenantId, string>();
  private subscription: Subscription | undefined;
  private isLooking = false;

  constructor(
    private readonly live: LiveRules,
    private readonly sets: RuleSets,
    private readonly readers: LogReaders,
    private readonly table: ReaderTable,
    private readonly prisma: PrismaService,
    private readonly bus: Bus,
  ) {}

  onApplicationBootstrap(): void {
    this.looking.start();
    this.subscription = this.bus.messages.subscribe((message) => {
      if (message.kind === 'tenant-changed' && message.status !== 'active')
        this.live.leave(message.tenantId as TenantId);
    });
  }

  onModuleDestroy(): void {
    this.looking.stop();
    this.subscription?.unsubscribe();
  }

  private async lookOnce(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    await this.look().finally(() => (this.isLooking = false));
  }

  private async look(): Promise<void> {
    if (this.readers.shardsHere.length === 0) return;
    const timed = await this.sets.timedTenants();
    const active = new Set(timed.map(({ tenantId }) => tenantId));
    for (const tenantId of this.live.watched) if (!active.has(tenantId)) this.live.leave(tenantId);
    for (const { tenantId, revision } of timed) {
      if (this.readers.signalFor(tenantId) === undefined) {
        this.live.leave(tenantId);
        continue;
      }
      if (this.live.has(tenantId) && this.revisions.get(tenantId) === revision) continue;
      const reader = (await this.table.views(this.prisma, tenantId, RULES, [RULES])).get(RULES);
      if (reader === undefined) continue;
      this.sets.lookAgain(tenantId);
      await this.live.watch(tenantId, reader.cursor);
      this.revisions.set(tenantId, revision);
    }
  }
}
