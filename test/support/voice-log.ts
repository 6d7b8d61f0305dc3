/** One log of the voice server's double: entries that are scripted, released, stored (if durable), lost. */
import { readFileSync } from 'node:fs';

/** As on the wire; a poison entry is one too. */
export interface Frame {
  readonly seq: number;
  readonly type: string;
  readonly ephemeral?: boolean;
  readonly [key: string]: unknown;
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/call-log-parcel.json', import.meta.url), 'utf8'),
) as { entries: readonly Frame[] }; // prettier-ignore

/** The whole call's entries. The recording has a marker among them; a log stores none, the double makes its own. */
export function parcelCall(call: string, agent: string): readonly Frame[] {
  return fixture.entries.filter(({ type }) => !type.startsWith('log.')).map((entry) => ({ ...entry, call, agent }));
}

export class VoiceLog {
  readonly readers = new Set<(frame: Frame) => void>();
  /** Entries before this seq can't be replayed any more. */
  lostBefore = 0;
  /** What the marker of a gap says of the call. */
  snapshot: unknown;
  private readonly script: Frame[] = [];
  private released = 0;

  constructor(
    readonly agent: string,
    readonly call: string | null,
  ) {}

  add(...frames: readonly Frame[]): void {
    this.script.push(...frames);
  }

  /** The next entries happen: attached readers get them, durable ones are stored. Returns what happened. */
  release(count = Infinity): readonly Frame[] {
    const frames = this.script.slice(this.released, this.released + count);
    this.released += frames.length;
    for (const frame of frames) for (const reader of this.readers) reader(frame);
    return frames;
  }

  get hasHappened(): boolean {
    return this.released > 0;
  }

  get isOver(): boolean {
    return this.happened.some(({ type }) => type === 'call.ended');
  }

  /** What a reader with this cursor is given, a gap first where it can't be told everything. */
  replay(after: number): readonly Frame[] {
    const stored = this.happened.filter(({ seq, ephemeral }) => !ephemeral && seq > after && seq >= this.lostBefore);
    if (after + 1 >= this.lostBefore) return stored;
    return [
      this.marker('log.gap', after, { from: after, resume_from: this.lostBefore, snapshot: this.snapshot }),
      ...stored,
    ];
  }

  /** A control marker: a whole envelope whose seq is the last that the reader was given. */
  marker(type: 'log.gap' | 'log.caught_up', seq: number, data: Record<string, unknown>): Frame {
    return { seq, ts: 1786312200, call: this.call, agent: this.agent, type, ephemeral: true, data };
  }

  get lastSeq(): number {
    return this.script.at(-1)?.seq ?? 0;
  }

  private get happened(): readonly Frame[] {
    return this.script.slice(0, this.released);
  }
}

/** The rows of an agent's calls, as far as they have happened. */
export function rowsOf(logs: Iterable<VoiceLog>, agent: string): readonly unknown[] {
  const calls = [...logs].filter((log) => log.agent === agent && log.call !== null && log.hasHappened);
  return calls.map(({ call, isOver }) => ({ id: call, status: isOver ? 'ended' : 'live' }));
}
