/**
 * A stretch of the log on its way to readers that are behind. It is framed once, in pieces that a socket takes at a
 * time. Readers at different places share it: a reader that begins within a piece gets the part after its own number.
 */
import { Chunk, type Numbering } from '../live/frame.js';
import type { LoggedEvent } from '../log/event.js';
import { CallPositions } from '../live/delivery.js';

/**
 * The longest text of a piece, in UTF-16 units; the last event may exceed it. It bounds what one write puts into a
 * client's queue.
 */
const MAX_LENGTH = 64 * 1024;

/**
 * It keeps only bytes. If it kept the text as well, it would take two or three times the memory for as long as a reader
 * holds it.
 */
export class LogPiece {
  private readonly whole: Chunk;
  /** Where each frame ends in the bytes. */
  private readonly ends: readonly number[];

  constructor(
    private readonly numbers: readonly number[],
    frames: readonly string[],
    /** The platform's positions of its calls and of its last event. */
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

  /** The part of it after this number. */
  chunkAfter(number: number): Chunk {
    const skipped = this.numbers.findIndex((one) => one > number);
    return skipped > 0 ? new Chunk(this.whole.frames.subarray(this.ends[skipped - 1])) : this.whole;
  }

  /** How many of its events come after this number. */
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
    /** True when it held everything up to the end of the log at the time of the read. */
    readonly reachesEnd: boolean,
    /** The number up to which the log was looked at for it; 0: up to its last event. */
    private readonly lookedUntil: number,
  ) {}

  /**
   * No piece holds numbers on both sides of `resumedAfter`, so that the reader can be told about the restore in
   * between.
   */
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

  /** A reader that has been sent the page has seen everything up to this number. */
  get reached(): number {
    return Math.max(this.lookedUntil, this.pieces.at(-1)?.last ?? 0);
  }

  /** Its approximate size in memory. */
  get bytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.bytes + piece.calls.bytes, 0);
  }
}
