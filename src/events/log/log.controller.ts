import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AgentsService } from '../../agents/agents.service.js';
import { CurrentTenant, Scopes } from '../../auth/auth.decorators.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, callIdSchema } from '../../common/ids.js';
import { MAX_PAGE, MAX_PAGE_BYTES } from '../../common/page.js';
import { Problem } from '../../common/problem.js';
import { timeSchema } from '../../common/validation.js';
import { ClientPatience } from '../../http/patience.js';
import { type LoggedEvent, shownData } from './event.js';
import { filterQuery } from './event-filter.js';
import { LogReader } from './log-reader.js';
import { TenantHeads } from './event-log.js';
import { Operation } from '../../common/operation.js';
import { logPage } from './log-answer.js';

const logQuery = z.strictObject({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  /** Without `after`: begin at the first event that was received at or after this time. */
  since: timeSchema.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(500),
  call: callIdSchema.optional(),
  ...filterQuery,
});

type LogQuery = z.infer<typeof logQuery>;

@ApiTags('Reading')
@Controller('v1/log')
export class LogController {
  constructor(
    private readonly reader: LogReader,
    private readonly heads: TenantHeads,
    private readonly agents: AgentsService,
  ) {}

  /**
   * The durable events after an id, in order. `live`: this page reaches the end. `next` is the id to read on from. A
   * page may hold fewer events than `limit`, or none, without being the last: its bytes are bounded, and so is the part
   * of the log that a filter looks through.
   */
  @Operation({
    id: 'readLog',
    summary: 'A page of the durable events after an id, in order',
    answer: logPage,
    problems: ['agent-not-found', 'call-not-found'],
  })
  @Get()
  @Scopes('events:read')
  @Header('Content-Type', 'application/json; charset=utf-8')
  async read(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: logQuery }) { after, since, limit, agents, types, call }: LogQuery,
    @ClientPatience() patience: Patience,
  ): Promise<string> {
    if (agents) await this.agents.assertReadable(tenantId, agents, patience);
    if (call !== undefined && !(await this.reader.hasCall(tenantId, call, patience))) {
      throw new Problem('call-not-found', 'There is no call of that id.');
    }
    const filter = {
      agents: agents ? new Set(agents) : null,
      calls: call === undefined ? null : new Set([call]),
      types: types ?? null,
    };
    const head = await this.heads.of(tenantId);
    const begin = after ?? (since === undefined ? 0 : await this.reader.since(tenantId, since, patience));
    const { events, reached, isEnd } = await this.reader.readOn(
      tenantId,
      begin,
      { limit, bytes: MAX_PAGE_BYTES },
      filter,
      patience,
    );
    // At the end, numbers that were never given to an event are passed over too.
    const next = Math.max(reached, isEnd ? head.seq : 0);
    // The stored text goes out as it is. Parsing and serialising it again would only cost time and digits.
    return `{"events":[${events.map(eventJson).join(',')}],"next":"${next}","live":${isEnd}}`;
  }
}

function eventJson(event: LoggedEvent): string {
  const { seq, type, at } = event;
  return `{"id":"${seq}","type":"${type}","at":"${at}","data":${shownData(event)}}`;
}
