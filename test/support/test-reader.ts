/**
 * A kind of durable reader as tests need it: it writes every number that it is given into a table, and does what it is
 * told besides.
 */
import { Injectable, Module } from '@nestjs/common';
import type { TenantId } from '../../src/common/ids.js';
import type { Run } from '../../src/database/pg-pool.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { LogReaders } from '../../src/readers/log-readers.js';
import type { ReaderKind, ReaderPage, Taken, Written } from '../../src/readers/reader-kind.js';
import { ReaderTable } from '../../src/readers/reader-table.js';
import { ReadersModule } from '../../src/readers/readers.module.js';
import { query } from './database.js';
import type { Switchboard } from './switchboard.js';

type Seqs = readonly number[];

@Injectable()
export class TestReader implements ReaderKind<Seqs> {
  readonly kind = 'test';
  /** Called for each page; may throw, or take its time. */
  onTake: (page: ReaderPage) => void | Promise<void> = () => undefined;
  /** False: it cannot take a page yet, and asks for it again in a moment. */
  isReady: () => boolean = () => true;
  /** Written for a number instead of it. */
  valueOf: (seq: number) => string = String;
  readonly pages: ReaderPage[] = [];

  constructor(
    readonly readers: LogReaders,
    private readonly table: ReaderTable,
    private readonly prisma: PrismaService,
  ) {
    readers.register(this);
  }

  async take(page: ReaderPage): Promise<Taken<Seqs>> {
    await this.onTake(page);
    if (!this.isReady()) return { effect: undefined, reached: page.after, restMs: 5 };
    this.pages.push(page);
    return { effect: page.events.map(({ seq }) => seq ?? 0), reached: page.reached };
  }

  async write(run: Run, written: readonly Written<Seqs>[]): Promise<void> {
    for (const { name, effect } of written)
      for (const seq of effect)
        await run('INSERT INTO read_numbers (reader, seq) VALUES ($1, $2::bigint)', [name, this.valueOf(seq)]);
  }

  async add(tenant: string, name: string, cursor = 0): Promise<void> {
    const reader = { kind: 'test', tenantId: tenant as TenantId, name };
    await this.prisma.$transaction((transaction) => this.table.create(transaction, reader, cursor));
    this.readers.changed(reader.tenantId);
  }

  async change(tenant: string, name: string, change: { cursor?: number; runs?: boolean }): Promise<void> {
    const reader = { kind: 'test', tenantId: tenant as TenantId, name };
    await this.prisma.$transaction((transaction) => this.table.change(transaction, reader, change));
    this.readers.changed(reader.tenantId);
  }
}

@Module({ imports: [ReadersModule], providers: [TestReader], exports: [TestReader] })
export class TestReaderModule {}

export const makeTable = (board: Switchboard) =>
  query(board.databaseUrl, 'CREATE TABLE read_numbers (id serial, reader text, seq bigint)');

/** What a reader has written, in the order in which it did. */
export async function numbersOf(board: Switchboard, reader: string): Promise<number[]> {
  const text = 'SELECT seq::int FROM read_numbers WHERE reader = $1 ORDER BY id';
  return (await query<{ seq: number }>(board.databaseUrl, text, [reader])).map(({ seq }) => seq);
}

/** 1 … count. */
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
