/** Finds the source from whose upstream a call came. */
import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { CallId } from '../common/ids.js';
import { SourceCursors } from './source-cursors.js';
import type { Source } from './source.js';
import { SOURCES } from './source-supervisor.js';
import type { UpstreamCalls } from './upstream-calls.js';

/** The upstream that has a call, and the agent to which the call belongs there. */
export interface CallUpstream {
  readonly calls: UpstreamCalls;
  readonly agent: string;
}

/** A call stays where it is, so it is looked for once. */
const MAX_REMEMBERED = 10_000;

@Injectable()
export class CallUpstreams implements OnApplicationShutdown {
  private readonly found = new LRUCache<CallId, CallUpstream>({ max: MAX_REMEMBERED });

  constructor(
    @Inject(SOURCES) private readonly sources: readonly Source[],
    private readonly cursors: SourceCursors,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.sources.map(async ({ calls }) => calls?.close()));
  }

  /**
   * Undefined: no source that can be asked about calls has this one. Rejects when an upstream that may have it does not
   * answer.
   */
  async of(call: CallId, signal: AbortSignal): Promise<CallUpstream | undefined> {
    const known = this.found.get(call);
    if (known !== undefined) return known;
    for (const { calls } of await this.candidates(call)) {
      const agent = await calls?.agentOf(call, signal);
      if (calls === undefined || agent === undefined) continue;
      const upstream = { calls, agent };
      this.found.set(call, upstream);
      return upstream;
    }
    return undefined;
  }

  /** Those that have read the call; all of them if that was so long ago that nobody remembers. */
  private async candidates(call: CallId): Promise<readonly Source[]> {
    const able = this.sources.filter(({ calls }) => calls !== undefined);
    const rows = await Promise.all(able.map(({ name }) => this.cursors.find(name, `call:${call}`)));
    const readers = able.filter((_, index) => rows[index] !== undefined);
    return readers.length > 0 ? readers : able;
  }
}
