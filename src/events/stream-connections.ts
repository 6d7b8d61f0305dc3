/**
 * Every open stream of this process, and what happens to it while it is open: pings, the end of its token, revocation,
 * suspension, changes of owner. Rights are checked while connected: by control messages at once, and by a sweep of the
 * database in case one was lost (security rule 7). One timer serves all streams.
 */
import { Inject, Injectable, Logger, OnApplicationBootstrap, BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { Subscription } from 'rxjs';
import { AgentsService } from '../agents/agents.service.js';
import { TokensService } from '../auth/tokens.service.js';
import { Bus, type BusMessage } from '../bus/bus.js';
import type { AgentName, TenantId } from '../common/ids.js';
import { openStreams, streamsClosed } from '../common/metrics.js';
import { Problem, ProblemSlug } from '../common/problem.js';
import { ENV, type Env } from '../config/env.js';
import { controlFrame } from './sse-frame.js';
import { StreamConnection } from './stream-connection.js';

const TICK_MS = 1000;
/** A lost control message is made good within this. */
const SWEEP_MS = 5000;
/** Without the database for so long, nobody can say who may still read: streams close, resumable. */
const MAX_UNCHECKED_MS = 30_000;
/** How long clients get to take the last frame at shutdown. */
const DRAIN_MS = 1000;

@Injectable()
export class StreamConnections implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Streams');
  private readonly open = new Set<StreamConnection>();
  private readonly subscription = new Subscription();
  private ticker: NodeJS.Timeout | undefined;
  private checkedAt = Date.now();
  private sweptAt = 0;
  private draining = false;

  constructor(
    private readonly tokens: TokensService,
    private readonly agents: AgentsService,
    private readonly bus: Bus,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    this.checkedAt = Date.now();
    this.subscription.add(this.bus.messages.subscribe((message) => void this.hear(message)));
    this.ticker = setInterval(() => this.tick(Date.now()), TICK_MS);
  }

  /** Says goodbye to every reader and waits, for a bounded time, until they have taken it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    this.subscription.unsubscribe();
    clearInterval(this.ticker);
    const leaving = [...this.open];
    for (const connection of leaving) {
      this.close(connection, new Problem('unavailable', 'The server is going down; resume with your last id.'));
    }
    const gone = Promise.all(leaving.map(({ outlet }) => outlet.finished()));
    await Promise.race([gone, wait(DRAIN_MS, undefined, { ref: false })]);
  }

  get size(): number {
    return this.open.size;
  }

  add(connection: StreamConnection): void {
    if (this.draining) throw new Problem('unavailable', 'The server is going down; connect again in a moment.');
    connection.schedule(Date.now(), this.env);
    this.open.add(connection);
    openStreams.inc();
  }

  remove(connection: StreamConnection): void {
    if (this.open.delete(connection)) openStreams.dec();
  }

  private close(connection: StreamConnection, problem: Problem): void {
    streamsClosed.inc({ reason: problem.slug });
    connection.close(problem);
  }

  private tick(now: number): void {
    for (const connection of this.open) {
      const problem = connection.tick(now, this.env);
      if (problem) this.close(connection, problem);
    }
    if (now - this.sweptAt >= SWEEP_MS) {
      this.sweptAt = now;
      void this.sweep();
    }
  }

  private async sweep(): Promise<void> {
    try {
      const inactive =
        this.open.size > 0
          ? await this.tokens.findInactive([...new Set([...this.open].map((one) => one.rootTokenId))])
          : new Map<string, ProblemSlug>();
      this.checkedAt = Date.now();
      for (const connection of this.open) {
        const slug = inactive.get(connection.rootTokenId);
        if (slug) this.close(connection, new Problem(slug, 'Its rights ended while the stream was open.'));
      }
    } catch (error) {
      this.logger.warn(`cannot check the rights of open streams: ${(error as Error).message}`);
      if (Date.now() - this.checkedAt < MAX_UNCHECKED_MS) return;
      for (const connection of this.open)
        this.close(connection, new Problem('unavailable', 'Rights cannot be checked now; resume with your last id.'));
    }
  }

  private async hear(message: BusMessage): Promise<void> {
    switch (message.kind) {
      case 'appended':
        return;
      case 'token-revoked':
        return this.closeWhere((one) => one.dependsOn(message.tokenId), 'token-revoked', 'The token was revoked.');
      case 'tenant-changed':
        if (message.status === 'suspended') {
          this.closeWhere((one) => one.tenantId === message.tenantId, 'tenant-suspended', 'The tenant was suspended.');
        } else if (message.status === 'deleted') {
          this.closeWhere((one) => one.tenantId === message.tenantId, 'token-revoked', 'The tenant was deleted.');
        }
        return;
      case 'owner-changed':
        await this.tellOwnerChange(message.from as TenantId | null, [], [message.agent as AgentName]);
        await this.tellOwnerChange(message.to as TenantId | null, [message.agent as AgentName], []);
    }
  }

  private closeWhere(applies: (connection: StreamConnection) => boolean, slug: ProblemSlug, detail: string): void {
    for (const connection of this.open) if (applies(connection)) this.close(connection, new Problem(slug, detail));
  }

  /** What a stream delivers follows the log's stamps; the frame tells the reader what its tenant owns now. */
  private async tellOwnerChange(
    tenantId: TenantId | null,
    added: readonly AgentName[],
    removed: readonly AgentName[],
  ): Promise<void> {
    if (tenantId === null) return;
    const readers = [...this.open].filter(
      (one) => one.tenantId === tenantId && [...added, ...removed].some((agent) => one.concerns(agent)),
    );
    if (readers.length === 0) return;
    try {
      const owned = await this.agents.ownedBy(tenantId);
      for (const reader of readers) {
        reader.write(
          controlFrame('agents.changed', { agents: owned.filter((agent) => reader.concerns(agent)), added, removed }),
        );
      }
    } catch (error) {
      this.logger.warn(`readers were not told of a change of owner: ${(error as Error).message}`);
    }
  }
}
