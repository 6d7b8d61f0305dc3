import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, Scopes } from '../auth/auth.decorators.js';
import { CallFinder } from '../calls/lists/call-finder.js';
import { type WhoseQuery, whoseIn, whoseSchema } from '../calls/lists/calls.schemas.js';
import type { Patience } from '../common/fair-slots.js';
import { type CallId, callIdSchema } from '../common/ids.js';
import { Operation, PIPED } from '../common/operation.js';
import { Problem } from '../common/problem.js';
import { RECORDING, recordingAnswer } from '../desk/desk-answers.js';
import { RecordingsService, noRecording } from '../desk/recordings.service.js';
import { ClientPatience } from '../http/patience.js';
import { CallReadings } from './call-readings.js';

@ApiTags('Calls')
@Controller('v1/admin/calls')
@Scopes('admin')
export class AdminRecordingsController {
  constructor(
    private readonly finder: CallFinder,
    private readonly recordings: RecordingsService,
    private readonly readings: CallReadings,
  ) {}

  /**
   * As /v1/calls/{call}/recording; `tenant`, `unassigned`: as for one call. The tenant's own book records that an
   * operator listened: once an hour for each listener.
   */
  @Operation({
    id: 'getAnyRecording',
    summary: 'The recording of a call of any tenant',
    answer: recordingAnswer,
    type: RECORDING,
    alsoStatus: 206,
    problems: ['recording-not-found', 'range-not-satisfiable'],
  })
  @Get(':call/recording')
  async get(
    @CurrentActor() actor: Actor,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @Query({ schema: whoseSchema }) query: WhoseQuery,
    @Res() response: Response,
    @ClientPatience() patience: Patience,
  ) {
    this.recordings.enter(null, response);
    const call = await this.finder.findAcrossTenants(callId, whoseIn(query), patience).catch((error: unknown) => {
      throw error instanceof Problem && error.slug === 'call-not-found' ? noRecording() : error;
    });
    if (call === undefined) throw noRecording();
    const answer = await this.recordings.open(call, response, patience);
    await this.readings.note(call.tenantId, callId, actor, 'call.listen').catch((error: unknown) => {
      answer.body.destroy();
      throw error;
    });
    await this.recordings.send(answer, call, null, response);
    return PIPED;
  }
}
