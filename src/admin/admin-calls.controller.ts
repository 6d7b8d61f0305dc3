import { Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AgentsService } from '../agents/agents.service.js';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import {
  type ListPlatformCalls,
  type ReadPlatformCall,
  filterOf,
  listPlatformCallsSchema,
  readPlatformCallSchema,
  type WhoseQuery,
  whoseIn,
  whoseSchema,
} from '../calls/lists/calls.schemas.js';
import { CallsRebuild } from '../calls/projection/calls-rebuild.js';
import { CallsService } from '../calls/lists/calls.service.js';
import type { Patience } from '../common/fair-slots.js';
import { type CallId, callIdSchema } from '../common/ids.js';
import { serialiseJson } from '../common/json.js';
import { ClientPatience } from '../http/patience.js';
import { CallReadings } from './call-readings.js';
import { ErasureService } from './erasure.service.js';
import { Operation } from '../common/operation.js';
import { callsProgress, platformCallAnswer, platformCallPage } from '../calls/lists/call-answers.js';

const JSON_TYPE = 'application/json; charset=utf-8';

@ApiTags('Calls')
@Controller('v1/admin/calls')
@Scopes('admin')
export class AdminCallsController {
  constructor(
    private readonly calls: CallsService,
    private readonly rebuilds: CallsRebuild,
    private readonly agents: AgentsService,
    private readonly erasure: ErasureService,
    private readonly readings: CallReadings,
  ) {}

  /**
   * As /v1/calls, each call with its `tenant` (null: nobody's). `cursor` is a position of /v1/admin/events.
   * `unassigned=true`: calls that nobody owns; with `tenants` in addition to theirs, alone only these.
   */
  @Operation({
    id: 'listAllCalls',
    summary: 'All tenants’ calls, newest first; searched by what was said or who called',
    answer: platformCallPage,
    problems: ['agent-not-found', 'tenant-not-found'],
  })
  @Get()
  @Header('Content-Type', JSON_TYPE)
  async list(
    @Query({ schema: listPlatformCallsSchema }) query: ListPlatformCalls,
    @ClientPatience() patience: Patience,
  ): Promise<string> {
    const { tenants, unassigned, limit, cursor, ...asked } = query;
    if (asked.agents) await this.agents.assertKnownAcrossTenants(asked.agents, patience);
    const filter = { ...filterOf(null, { ...asked, limit }), tenants: tenants ?? null, unassigned };
    return serialiseJson(await this.calls.listAcrossTenants(filter, limit, cursor, patience));
  }

  /**
   * As /v1/calls/{call}. Ids of calls are chosen by their senders: if several tenants have one with that id, `tenant`
   * says whose is meant. The tenant's own book records that an operator read it: once an hour for each reader.
   * `quarantined`: an event of the call ended the process that took it in; no further event is taken in until a
   * rebuild.
   */
  @Operation({
    id: 'getAnyCall',
    summary: 'One call of any tenant, with its transcript and tools',
    answer: platformCallAnswer,
    problems: ['call-not-found'],
  })
  @Get(':call')
  @Header('Content-Type', JSON_TYPE)
  async get(
    @CurrentActor() actor: Actor,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @Query({ schema: readPlatformCallSchema }) { before, ...whose }: ReadPlatformCall,
    @ClientPatience() patience: Patience,
  ): Promise<string> {
    const call = await this.calls.getAcrossTenants(callId, whoseIn(whose), before, patience);
    await this.readings.note(call.tenant, callId, actor);
    return serialiseJson(call);
  }

  /**
   * Its events stay as `call.erased` under their numbers, without content. One more event is appended, and later events
   * of the call are rejected. A repeated request gets 404. `tenant`, `unassigned`: as for one call.
   */
  @Operation({
    id: 'eraseCall',
    summary: 'Erase what was said in a call, for ever',
    answer: null,
    problems: ['call-not-found'],
  })
  @Delete(':call')
  @HttpCode(204)
  async erase(
    @CurrentActor() actor: Actor,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @Query({ schema: whoseSchema }) query: WhoseQuery,
    @ClientPatience() patience: Patience,
  ): Promise<void> {
    await this.erasure.eraseCall(callId, whoseIn(query), actor, patience);
  }

  /**
   * Requests are answered all the while. /readyz says how far it is, as this answer does. Safe to repeat: it begins
   * again.
   */
  @Operation({
    id: 'rebuildCalls',
    summary: 'Make the calls, their transcripts and tools anew from the log',
    answer: callsProgress,
  })
  @Post('rebuild')
  @HttpCode(202)
  async rebuild(@CurrentActor() actor: Actor) {
    await this.rebuilds.start(actor);
    return this.calls.progress();
  }
}
