/**
 * What a batch of events makes of its calls, written piece by piece. While events come in, each piece is followed by a rest of
 * a multiple of what it took: the append has the first claim on event loop and database, calls come later.
 */
import { Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import type { Run } from '../database/pg-pool.js';
import type { LoggedEvent } from '../events/event.js';
import { IngestService } from '../events/ingest.service.js';
import { CallStore } from './call-store.js';
import { type TouchedCall, touchedCalls } from './touched-call.js';

/** Events a piece: some milliseconds of work, and each of its statements is still worth its round trip. */
const PIECE = 100;
const REST_FACTOR = 3;

@Injectable()
export class CallBatch {
  constructor(
    private readonly store: CallStore,
    private readonly ingest: IngestService,
  ) {}

  /** Within the writer's transaction ({@link CallStore.asWriter}). */
  async apply(run: Run, events: readonly LoggedEvent[]): Promise<void> {
    for (const calls of piecesOf(touchedCalls(events))) {
      const startedAt = performance.now();
      await this.store.load(run, calls);
      await this.store.save(run, calls);
      if (this.ingest.isBusy) await wait(REST_FACTOR * (performance.now() - startedAt));
    }
  }
}

/** Whole calls, as many as have a piece's events together; a call is in one piece only. */
function* piecesOf(calls: readonly TouchedCall[]): Generator<TouchedCall[]> {
  let piece: TouchedCall[] = [];
  let size = 0;
  for (const call of calls) {
    piece.push(call);
    size += call.size;
    if (size < PIECE) continue;
    yield piece;
    [piece, size] = [[], 0];
  }
  if (piece.length > 0) yield piece;
}
