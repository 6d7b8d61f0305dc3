/**
 * One call's log at the double of a gateway: entries that are scripted, happen, are stored (if durable), or are lost to
 * a slow reader.
 */
import { existsSync, readFileSync } from 'node:fs';

/** As on the wire; a poison entry is one too. */
export interface WireEntry {
  readonly seq: number;
  readonly type: string;
  readonly ephemeral?: boolean;
  readonly [key: string]: unknown;
}

const own = new URL('../fixtures/pinecall2-call-log.json', import.meta.url);
const besideWorkTrees = new URL('../../../../shared/pinecall/recordings/v2-call-log.json', import.meta.url);
const besideProject = new URL('../../../shared/pinecall/recordings/v2-call-log.json', import.meta.url);

const read = (file: URL) => JSON.parse(readFileSync(file, 'utf8')) as WireEntry[];

/** A log of our own, in the words of the wire: 46 entries of a call that was taken over, interrupted and judged. */
export const ownLog: readonly WireEntry[] = read(own);

/** The golden log that lies beside the project, with the state that it folds to; undefined where it is not there. */
export const golden = [besideProject, besideWorkTrees].filter((file) => existsSync(file)).map((file) => ({
  entries: read(file),
  state: JSON.parse(readFileSync(new URL(file.href.replace('.json', '.state.json')), 'utf8')) as GoldenState,
}))[0]; // prettier-ignore

export interface GoldenState {
  readonly end_reason: string;
  readonly started_at: number;
  readonly ended_at: number;
  readonly turns: readonly {
    readonly role: 'agent' | 'user';
    readonly text: string;
    readonly interrupted?: boolean;
    readonly language?: string;
    readonly transcript_confidence?: number;
    readonly metrics: { readonly e2e_latency?: number };
  }[];
  readonly [key: string]: unknown;
}

/** The log of another call, in the same words. Markers are the double's to make. */
export function logOf(call: string, agent: string, entries: readonly WireEntry[] = ownLog): readonly WireEntry[] {
  return entries.filter(({ type }) => !type.startsWith('log.')).map((entry) => ({ ...entry, call, agent }));
}

/** Types of which no customer is told. */
const HELD_BACK = /^(metrics|room|participant|track|vendor|prompt|tools|memory|log)\.|^agent\.state$/;

/** The numbers of the entries of which something is stored for customers, in order. */
export function storedSeqs(entries: readonly WireEntry[]): readonly number[] {
  const isAway = ({ data }: WireEntry) => (data as { state?: string }).state === 'away';
  const stored = entries.filter(({ type, ephemeral }) => ephemeral !== true && !HELD_BACK.test(type));
  return stored.filter((entry) => entry.type !== 'user.state' || isAway(entry)).map(({ seq }) => seq);
}

/** A reader of a log: what happens is offered to it in order. */
export type Reader = (entry: WireEntry) => void;

export class CallLog {
  readonly readers = new Set<Reader>();
  /** Closing: nothing comes after the score. Judging later may append all the same. */
  isSealed = false;
  private readonly script: WireEntry[] = [];
  private happened = 0;
  /** Unix seconds of the double's clock: whatever its entries say, it began when it was released. */
  openedAt = 0;

  constructor(
    readonly call: string,
    readonly agent: string,
  ) {}

  add(...entries: readonly WireEntry[]): void {
    this.script.push(...entries);
  }

  /** The next entries happen. Returns them. */
  release(count = Infinity): readonly WireEntry[] {
    const next = this.script.slice(this.happened, this.happened + count);
    this.happened += next.length;
    if (this.openedAt === 0) this.openedAt = Date.now() / 1000;
    for (const entry of next) {
      for (const reader of this.readers) reader(entry);
      if (entry.type === 'call.score') this.isSealed = true;
    }
    return next;
  }

  get remaining(): number {
    return this.script.length - this.happened;
  }

  get entries(): readonly WireEntry[] {
    return this.script.slice(0, this.happened);
  }

  get durable(): readonly WireEntry[] {
    return this.entries.filter(({ ephemeral }) => ephemeral !== true);
  }

  get lastSeq(): number {
    return this.durable.at(-1)?.seq ?? 0;
  }

  /** A control marker: its seq is the last that the reader was given. */
  marker(type: 'log.gap' | 'log.caught_up', seq: number, data: Record<string, unknown>): WireEntry {
    return { seq, ts: 1790000000, call: this.call, agent: this.agent, type, ephemeral: true, data };
  }

  /** As the list of calls has it. */
  get row(): Record<string, unknown> {
    const dataOf = (type: string) => this.entries.find((entry) => entry.type === type)?.['data'] as Record<string, unknown> | undefined; // prettier-ignore
    const started_at = dataOf('call.started') && this.openedAt;
    const { ended_at = null, reason = null } = dataOf('call.ended') ?? {};
    const status = ended_at === null ? 'active' : 'ended';
    const live = !this.isSealed;
    return { call: this.call, agent: this.agent, live, last_seq: this.lastSeq, status, started_at, ended_at, end_reason: reason }; // prettier-ignore
  }
}
