/**
 * Commits of many readers together: while one transaction is under way, finished work of other readers collects for the
 * next. So the number of transactions follows the database's pace, not the number of readers. What is lost in a crash
 * of the database comes again, so nobody waits for the disk.
 */
import { Injectable } from '@nestjs/common';
import { isForTheRows } from '../database/database-errors.js';
import type { Run } from '../database/pg-pool.js';
import { ReaderPool } from '../database/pools.js';
import type { ReaderKind, ReaderName, Written } from './reader-kind.js';
import { type Move, ReaderTable } from './reader-table.js';

/** Readers that one transaction moves. */
const MAX_MOVES = 500;

interface Due {
  readonly kind: ReaderKind<unknown>;
  readonly move: Move;
  readonly effect: unknown;
  readonly resolve: (moved: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const keyOf = ({ kind, tenantId, name }: ReaderName) => `${tenantId} ${kind} ${name}`;

@Injectable()
export class ReaderCommits {
  private due: Due[] = [];
  private isWorking = false;

  constructor(
    private readonly pool: ReaderPool,
    private readonly table: ReaderTable,
  ) {}

  /**
   * Resolves after the commit. False: the reader has another place, rests or is gone, and nothing of this was written.
   */
  commit(kind: ReaderKind<unknown>, move: Move, effect: unknown): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.due.push({ kind, move, effect, resolve, reject });
      if (!this.isWorking) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    // Everything that finishes in this turn of the event loop goes into the first transaction.
    await new Promise(setImmediate);
    while (this.due.length > 0) await this.commitAll(this.due.splice(0, MAX_MOVES));
    this.isWorking = false;
  }

  private async commitAll(batch: readonly Due[]): Promise<void> {
    try {
      const moved = await this.pool.transaction(async (run) => {
        await run('SET LOCAL synchronous_commit = off');
        return this.write(run, batch);
      });
      for (const [kind, written] of this.byKind(batch, moved)) kind.committed?.(written);
      for (const { move, resolve } of batch) resolve(moved.has(keyOf(move)));
    } catch (error) {
      // One reader's rows cannot be written; the others' can.
      if (batch.length > 1 && isForTheRows(error)) for (const one of batch) await this.commitAll([one]);
      else for (const { reject } of batch) reject(error);
    }
  }

  private async write(run: Run, batch: readonly Due[]): Promise<ReadonlySet<string>> {
    const moved = new Set((await this.table.move(run, batch.map(({ move }) => move))).map(keyOf)); // prettier-ignore
    for (const [kind, written] of this.byKind(batch, moved)) if (written.length > 0) await kind.write(run, written);
    return moved;
  }

  private byKind(batch: readonly Due[], moved: ReadonlySet<string>) {
    const kinds = new Map<ReaderKind<unknown>, Written<unknown>[]>();
    for (const { kind, move, effect } of batch) {
      if (effect === undefined || !moved.has(keyOf(move))) continue;
      const written = kinds.get(kind) ?? [];
      written.push({ kind: move.kind, tenantId: move.tenantId, name: move.name, effect });
      kinds.set(kind, written);
    }
    return kinds;
  }
}
