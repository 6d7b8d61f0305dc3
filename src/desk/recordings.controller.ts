import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentTenant, Scopes } from '../auth/auth.decorators.js';
import { CallFinder } from '../calls/lists/call-finder.js';
import type { Patience } from '../common/fair-slots.js';
import { type CallId, type TenantId, callIdSchema } from '../common/ids.js';
import { Operation, PIPED } from '../common/operation.js';
import { ClientPatience } from '../http/patience.js';
import { RECORDING, recordingAnswer } from './desk-answers.js';
import { RecordingsService, noRecording } from './recordings.service.js';

@ApiTags('Calls')
@Controller('v1/calls')
@Scopes('recordings:read')
export class RecordingsController {
  constructor(
    private readonly finder: CallFinder,
    private readonly recordings: RecordingsService,
  ) {}

  /**
   * A call that has one says `"recording": true`. One range of bytes may be asked for (`Range`, `If-Range`); anything
   * else is answered whole. The answer is cut if the client stops reading.
   */
  @Operation({
    id: 'getRecording',
    summary: 'The recording of a call: audio, whole or a range of bytes',
    answer: recordingAnswer,
    type: RECORDING,
    alsoStatus: 206,
    problems: ['recording-not-found', 'range-not-satisfiable'],
  })
  @Get(':call/recording')
  async get(
    @CurrentTenant() tenantId: TenantId,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @Res() response: Response,
    @ClientPatience() patience: Patience,
  ) {
    this.recordings.enter(tenantId, response);
    const call = await this.finder.find(tenantId, callId, patience);
    if (call === undefined) throw noRecording();
    const answer = await this.recordings.open(call, response, patience);
    await this.recordings.send(answer, call, tenantId, response);
    return PIPED;
  }
}
