/** One open stream as the process sees it: whose it is, by what right, and what is due to it next. */
import type { Principal } from '../auth/principal.js';
import { jitter } from '../common/backoff.js';
import type { AgentName, TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { closingFrame } from '../common/problem.filter.js';
import type { EventFilter } from './event-filter.js';
import type { Outlet } from './outlet.js';
import { PING_FRAME, controlFrame } from './sse-frame.js';

/** How long before its token's end a reader is told. */
const EXPIRING_MS = 60_000;

export interface StreamTimes {
  readonly streamPingMs: number;
  readonly streamMaxMs: number;
}

export class StreamConnection {
  private pingAt = 0;
  private endAt = 0;
  private toldExpiring = false;
  private closed = false;

  constructor(
    readonly tenantId: TenantId,
    private readonly principal: Principal,
    private readonly filter: EventFilter,
    readonly outlet: Outlet,
    readonly write: (frame: Buffer) => void,
    private readonly end: () => void,
  ) {}

  /** The API token that everything hangs on: a stream token lives by its parent. */
  get rootTokenId(): string {
    return this.principal.parentTokenId ?? this.principal.tokenId;
  }

  dependsOn(tokenId: string): boolean {
    return this.principal.tokenId === tokenId || this.principal.parentTokenId === tokenId;
  }

  concerns(agent: AgentName): boolean {
    return this.filter.calls === null && (this.filter.agents?.has(agent) ?? true);
  }

  /** Pings and ends are spread, so that streams that opened together don't act together. */
  schedule(now: number, { streamPingMs, streamMaxMs }: StreamTimes): void {
    this.pingAt = now + Math.ceil(streamPingMs * (0.5 + Math.random() / 2));
    this.endAt = now + Math.min(streamMaxMs, jitter(streamMaxMs * 0.9));
  }

  /** Does what is due. Returns why the stream must end, if it must. */
  tick(now: number, { streamPingMs }: StreamTimes): Problem | undefined {
    const expiresAt = this.principal.expiresAt.getTime();
    if (now >= expiresAt) return new Problem('token-expired', 'The token has expired; connect with a new one.');
    if (now >= this.endAt)
      return new Problem('unavailable', 'The stream has lived its longest time; resume with your last id.');
    if (this.outlet.isStalled(now)) {
      this.outlet.cut();
      return new Problem('unavailable', 'The client does not read; resume with your last id.');
    }
    if (!this.toldExpiring && now >= expiresAt - EXPIRING_MS) {
      this.toldExpiring = true;
      this.write(controlFrame('token.expiring', { at: this.principal.expiresAt.toISOString() }));
    }
    if (now >= this.pingAt) {
      this.pingAt = now + streamPingMs;
      this.write(PING_FRAME);
    }
    return undefined;
  }

  close(problem: Problem): void {
    if (this.closed) return;
    this.closed = true;
    this.write(Buffer.from(closingFrame(problem)));
    this.end();
  }
}
