/**
 * Finds clients that are gone without a word, because the link or the machine failed. Writes to them succeed for as
 * long as the kernel has room, and the kernel goes on trying for a quarter of an hour. Node offers no TCP_USER_TIMEOUT.
 * So we ask the kernel regularly which clients leave bytes unanswered. A client that is cut wrongly, in a long tunnel,
 * comes back with its cursor.
 */
import { Injectable, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Problem } from '../../common/problem.js';
import { OpenStreams } from './open-streams.js';
import { readTcpTable } from './tcp-table.js';
import { Interval } from '../../common/waiting.js';

/** How often the kernel is asked. */
const LOOK_MS = 5000;
/** A client that answers nothing at five looks in a row is gone. It is found 20 to 25 s after the bytes were sent. */
const SILENT_MS = 18_000;

interface Silence {
  since: number;
  times: number;
}

/** Remembers, from one look to the next, since when links are silent. */
export class SilentLinks {
  private readonly links = new Map<string, Silence>();

  /**
   * Takes links and how often the same bytes were sent to each again. Returns those that were silent at all looks of
   * {@link SILENT_MS}.
   */
  look(seen: ReadonlyMap<string, number>, now: number): Set<string> {
    for (const link of this.links.keys()) if (!seen.has(link)) this.links.delete(link);
    for (const [link, times] of seen) {
      const before = this.links.get(link);
      // The number went down: the client has answered in between.
      if (before === undefined || times < before.times) this.links.set(link, { since: now, times });
      else before.times = times;
    }
    const isOver = ([, { since }]: [string, Silence]) => now - since >= SILENT_MS;
    return new Set([...this.links].filter(isOver).map(([link]) => link));
  }
}

@Injectable()
export class DeadLinks implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly silentLinks = new SilentLinks();
  private readonly interval = new Interval(LOOK_MS, () => this.look());
  private looking = false;

  constructor(private readonly connections: OpenStreams) {}

  onApplicationBootstrap(): void {
    if (process.platform === 'linux') this.interval.start();
  }

  onApplicationShutdown(): void {
    this.interval.stop();
  }

  private async look(): Promise<void> {
    if (this.looking || this.connections.all.size === 0) return;
    this.looking = true;
    const dead = this.silentLinks.look(await readTcpTable(), performance.now());
    this.looking = false;
    if (dead.size === 0) return;
    const problem = new Problem('unavailable', 'The client does not answer; resume with your last id.');
    this.connections.closeWhere(({ outlet }) => dead.has(outlet.link), problem, 'dead-link');
  }
}
