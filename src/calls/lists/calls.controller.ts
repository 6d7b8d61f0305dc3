import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AgentsService } from '../../agents/agents.service.js';
import { CurrentTenant, Scopes } from '../../auth/auth.decorators.js';
import type { Patience } from '../../common/fair-slots.js';
import { type CallId, type TenantId, callIdSchema } from '../../common/ids.js';
import { serialiseJson } from '../../common/json.js';
import { ClientPatience } from '../../http/patience.js';
import { type ListCalls, type ReadCallQuery, filterOf, listCallsSchema, readCallSchema } from './calls.schemas.js';
import { CallsService } from './calls.service.js';
import { Operation } from '../../common/operation.js';
import { callAnswer, callPage } from './call-answers.js';

/** Arguments and results of tools may contain numbers of any length. Our own writer keeps their digits. */
const JSON_TYPE = 'application/json; charset=utf-8';

@ApiTags('Calls')
@Controller('v1/calls')
@Scopes('events:read')
export class CallsController {
  constructor(
    private readonly calls: CallsService,
    private readonly agents: AgentsService,
  ) {}

  /**
   * `{"calls":[…],"next","cursor"}`. `cursor`: a number of the tenant's log; a stream opened with `after=<cursor>` goes
   * on exactly where this answer ends. `q`: words, "a phrase", -not, or; the last word may be incomplete; it also finds
   * the caller's number or name. `from`, `to`: calls that began in [from, to); `reason`, `transport`: one or several;
   * `minDuration`, `maxDuration`: seconds, of calls that are over. With `q` each call has `snippet`:
   * `{"text","matches":[{"start","end"}],"role","at","messageId","seq"}` of the first line that matches, or null if the
   * caller matched. A search that looks far answers in parts. If there is `searchedSince`, the calls that began since
   * then have been looked at, the page may have any number of calls, and `next` goes on.
   */
  @Operation({
    id: 'listCalls',
    summary: 'The tenant’s calls, newest first; searched by what was said or who called',
    answer: callPage,
    problems: ['agent-not-found'],
  })
  @Get()
  @Header('Content-Type', JSON_TYPE)
  async list(
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: listCallsSchema }) query: ListCalls,
    @ClientPatience() patience: Patience,
  ): Promise<string> {
    if (query.agents) await this.agents.assertReadable(tenantId, query.agents, patience);
    const filter = filterOf(tenantId, query);
    return serialiseJson(await this.calls.list(tenantId, filter, query.limit, query.cursor, patience));
  }

  /**
   * `cursor` as in the list. The answer has the newest 500 entries of the transcript and the tools between them, 4 MiB
   * in all. `earlier`, for `?before=`, is where the page before ends; null if there is none. `truncated`: the call has
   * more events than are kept for a call; the others are in the log only.
   */
  @Operation({
    id: 'getCall',
    summary: 'One call with its transcript and tools',
    answer: callAnswer,
    problems: ['call-not-found'],
  })
  @Get(':call')
  @Header('Content-Type', JSON_TYPE)
  async get(
    @CurrentTenant() tenantId: TenantId,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @Query({ schema: readCallSchema }) { before }: ReadCallQuery,
    @ClientPatience() patience: Patience,
  ): Promise<string> {
    return serialiseJson(await this.calls.get(tenantId, callId, before, patience));
  }
}
