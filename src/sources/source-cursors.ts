import { Injectable } from '@nestjs/common';
import { moment } from '../common/moment.js';
import { PrismaService } from '../database/prisma.service.js';

/** How far sources have read their upstream's logs; written only after the commit of what was read (security rule 13). */
@Injectable()
export class SourceCursors {
  constructor(private readonly prisma: PrismaService) {}

  async load(source: string): Promise<ReadonlyMap<string, { cursor: number; done: boolean }>> {
    const rows = await this.prisma.sourceCursor.findMany({ where: { source } });
    return new Map(rows.map(({ log, cursor, done }) => [log, { cursor: Number(cursor), done }]));
  }

  async save(source: string, log: string, cursor: number, done: boolean): Promise<void> {
    const position = { cursor: BigInt(cursor), done, updatedAt: moment() };
    await this.prisma.sourceCursor.upsert({
      where: { source_log: { source, log } },
      create: { source, log, ...position },
      update: position,
    });
  }
}
