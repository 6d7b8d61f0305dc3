/** Runs a {@link CallLogSource} against the double, with everything it is given in memory. */
import { Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import { CallLogTimings, CursorStore, OwnedAgents } from '../../src/sources/pinecall/call-log-options.js';
import { CallLogSource } from '../../src/sources/pinecall/call-log.source.js';
import { CollectingSink } from './collecting-sink.js';
import { API_KEY, VoiceServer } from './voice-server.js';
import { waitFor } from './wait-for.js';

/** Short enough that no test waits for a timer, and the polls so long that nothing passes only because of them. */
const TIMINGS: Partial<CallLogTimings> = {
  backoff: { firstMs: 5, maxMs: 20 },
  saveMs: 1,
  pollMs: 5,
  ownedPollMs: 60_000,
  retrySocketMs: 60_000,
};

export class MemoryCursors implements CursorStore {
  readonly rows = new Map<string, { cursor: number; done: boolean }>();
  /** Every write, in order. */
  readonly saves: { readonly log: string; readonly cursor: number; readonly done: boolean }[] = [];

  load(): Promise<ReadonlyMap<string, { cursor: number; done: boolean }>> {
    return Promise.resolve(new Map([...this.rows].filter(([log, { done }]) => !done || !log.startsWith('call:'))));
  }

  find(_source: string, log: string): Promise<{ cursor: number; done: boolean } | undefined> {
    return Promise.resolve(this.rows.get(log));
  }

  /** Rows that were to be written. */
  readonly attempted = new Set<string>();
  /** So many of the next writes fail. */
  failures = 0;
  private readonly blocked = new Map<string, Promise<void>>();

  /** Writes of this row wait, as they do while a database is slow, until the returned function is called. */
  block(log: string): () => void {
    let unblock = () => {};
    this.blocked.set(log, new Promise((resolve) => (unblock = resolve)));
    return unblock;
  }

  async save(_source: string, log: string, cursor: number, done: boolean): Promise<void> {
    this.attempted.add(log);
    await new Promise((resolve) => setImmediate(resolve));
    await this.blocked.get(log);
    if (this.failures > 0) throw new Error(`the store is away (${this.failures--})`);
    this.rows.set(log, { cursor, done });
    this.saves.push({ log, cursor, done });
  }
}

export class MemoryAgents implements OwnedAgents {
  /** Agents that somebody else owned once. */
  readonly ownedBefore = new Set<string>();
  readonly changes = new Subject<void>();
  private owned: readonly string[];

  constructor(...agents: readonly string[]) {
    this.owned = agents;
  }

  hadEarlierOwner(agent: string): Promise<boolean> {
    return Promise.resolve(this.ownedBefore.has(agent));
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve(this.owned);
  }

  set(...agents: readonly string[]): void {
    this.setUnannounced(...agents);
    this.changes.next();
  }

  setUnannounced(...agents: readonly string[]): void {
    this.owned = agents;
  }
}

/** A sink whose commits wait until they are let through, one by one, as a database's would. */
export class HoldingSink extends CollectingSink {
  private readonly held: (() => void)[] = [];

  override async push(...events: Parameters<CollectingSink['push']>): Promise<void> {
    await super.push(...events);
    await new Promise<void>((resolve) => this.held.push(resolve));
  }

  commit(count: number): void {
    for (const resolve of this.held.splice(0, count)) resolve();
  }
}

/** What was logged since the process began; tests look for what must not be there. */
export const logged: string[] = [];
const keep = (line: unknown) => void logged.push(String(line));
Logger.overrideLogger({ log: keep, warn: keep, error: keep });

export class Harness<S extends CollectingSink = CollectingSink> {
  lives = 0;
  /** The one that was started last. */
  source: CallLogSource | undefined;
  private abort = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    readonly server: VoiceServer,
    readonly agents: MemoryAgents,
    readonly sink: S,
    readonly cursors = new MemoryCursors(),
  ) {}

  static async create(...agents: readonly string[]): Promise<Harness> {
    return new Harness(await VoiceServer.start(), new MemoryAgents(...agents), new CollectingSink());
  }

  /** The same upstream and cursors, a new sink: what comes now came in this run. */
  with<T extends CollectingSink>(sink: T): Harness<T> {
    return new Harness(this.server, this.agents, sink, this.cursors);
  }

  /** Starts the source; the promise is that of its run. */
  start(timings: Partial<CallLogTimings> = {}, apiKey = API_KEY): Promise<void> {
    const { agents, cursors, server, sink } = this;
    const options = { apiKey, agents, cursors, timings: { ...TIMINGS, ...timings } };
    this.abort = new AbortController();
    this.source = new CallLogSource(server.source, options);
    this.running = this.source.run(sink, () => (this.lives += 1), this.abort.signal);
    this.running.catch(() => undefined); // A test that expects a failure awaits the promise that it was given.
    return this.running;
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  /** The `seq`s of what came of a call, in order. */
  seqs(call: string): readonly number[] {
    return this.sink.events.filter(({ callId }) => callId === call).map(({ data }) => data['seq'] as number);
  }

  async until(holds: () => boolean): Promise<void> {
    await waitFor(holds, `${holds.toString()}`, 60_000);
  }

  /** Until the call is read to its end and its row says so. */
  finished(call: string): Promise<void> {
    return this.until(() => this.cursors.rows.get(`call:${call}`)?.done === true);
  }

  async tearDown(): Promise<void> {
    this.abort.abort();
    await this.running.catch(() => undefined); // Judged by the test, if it is its subject.
    await this.server.stop();
  }
}
