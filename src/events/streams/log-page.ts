/**
 * A stretch of the log on its way to readers who are behind: framed once, in pieces that a socket takes at a time. Readers
 * that stand at different places share it; who begins within a piece gets what follows its own number.
 */
import { Chunk, type Numbering } from '../live/frame.js';
import type { LoggedEvent } from '../log/event.js';
import { CallPositions } from '../live/delivery.js';

/** Longest text of a piece, in UTF-16 units; one event more goes in. Bounds what one write puts into a client's queue. */
const MAX_LENGTH = 64 * 1024;

/** Kept as bytes alone: as text besides, it would take twice or three times the memory for as long as a reader holds it. */
export class LogPiece {
  private readonly whole: Chunk;
  /** Where each frame ends in the whole. */
  private readonly ends: readonly number[];

  constructor(
    private readonly numbers: readonly number[],
    frames: readonly string[],
    /** Where its calls stand, and its last event, by the platform's positions. */
    readonly calls: CallPositions,
    readonly lastPosition: number,
  ) {
    this.whole = new Chunk(frames.join(''));
    let end = 0;
    this.ends = frames.map((frame) => (end += Buffer.byteLength(frame)));
  }

  get first(): number {
    return this.numbers[0] ?? 0;
  }

  get last(): number {
    return this.numbers.at(-1) ?? 0;
  }

  /** What of it comes after this number. */
  chunkAfter(number: number): Chunk {
    const skipped = this.numbers.findIndex((one) => one > number);
    return skipped > 0 ? new Chunk(this.whole.frames.subarray(this.ends[skipped - 1])) : this.whole;
  }

  /** How many events that is. */
  countAfter(number: number): number {
    const skipped = this.numbers.findIndex((one) => one > number);
    return skipped < 0 ? 0 : this.numbers.length - skipped;
  }

  get bytes(): number {
    return this.whole.bytes.length;
  }
}

export class LogPage {
  private constructor(
    private readonly pieces: readonly LogPiece[],
    /** True when it held all that there was when it was read. */
    readonly reachesEnd: boolean,
    /** The number up to which the log was looked at for it; 0: up to its last event. */
    private readonly lookedUntil: number,
  ) {}

  /** No piece holds numbers on both sides of `resumedAfter`: what is to be said in between has its place. */
  static of(
    numbering: Numbering,
    events: readonly LoggedEvent[],
    reachesEnd: boolean,
    resumedAfter: number,
    lookedUntil = 0,
  ): LogPage {
    const pieces: LogPiece[] = [];
    let numbers: number[] = [];
    let frames: string[] = [];
    let calls = new CallPositions();
    let length = 0;
    for (const [index, event] of events.entries()) {
      calls.add(event);
      const frame = numbering.frameOf(event);
      const number = numbering.numberOf(event) ?? 0;
      numbers.push(number);
      frames.push(frame);
      length += frame.length;
      const next = events[index + 1];
      const nextNumber = next === undefined ? Infinity : (numbering.numberOf(next) ?? 0);
      const goesOn = next !== undefined && (number > resumedAfter || nextNumber <= resumedAfter);
      if (length < MAX_LENGTH && goesOn) continue;
      pieces.push(new LogPiece(numbers, frames, calls, event.position));
      [numbers, frames, calls, length] = [[], [], new CallPositions(), 0];
    }
    return new LogPage(pieces, reachesEnd, lookedUntil);
  }

  piecesAfter(number: number): readonly LogPiece[] {
    return this.pieces.filter(({ last }) => last > number);
  }

  /** The reader has seen everything up to this number when it has been sent the page. */
  get reached(): number {
    return Math.max(this.lookedUntil, this.pieces.at(-1)?.last ?? 0);
  }

  /** What it takes in memory, about. */
  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.bytes + piece.calls.bytes, 0);
  }
}
