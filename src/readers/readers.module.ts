import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LogReaders } from './log-readers.js';
import { ReaderCommits } from './reader-commits.js';
import { ReaderPages } from './reader-pages.js';
import { ReaderShards } from './reader-shards.js';
import { ReaderTable } from './reader-table.js';

/** Durable readers of tenants' logs: each goes on where it was, in one process at a time. */
@Module({
  imports: [EventsModule],
  providers: [ReaderShards, ReaderTable, ReaderPages, ReaderCommits, LogReaders],
  exports: [LogReaders, ReaderTable, ReaderPages],
})
export class ReadersModule {}
