import { Body, Controller, Get, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../audit/audit-log.js';
import { CurrentActor, CurrentTenant, Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { type CallId, type TenantId, callIdSchema } from '../common/ids.js';
import { Operation } from '../common/operation.js';
import { Problem } from '../common/problem.js';
import { ClientPatience } from '../http/patience.js';
import { offeredAnswer, steeredAnswer } from './desk-answers.js';
import { SteeringService } from './steering.service.js';
import { type Verb, verbSchema } from './verbs.schemas.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

@ApiTags('Calls')
@Controller('v1/calls')
@Scopes('calls:steer')
export class VerbsController {
  constructor(private readonly steering: SteeringService) {}

  /** Empty for a call that came from elsewhere, and for each of the first generation. */
  @Operation({
    id: 'listVerbs',
    summary: 'What can be asked of a call in progress',
    answer: offeredAnswer,
    problems: ['call-not-found'],
  })
  @Get(':call/verbs')
  list(
    @CurrentTenant() tenantId: TenantId,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @ClientPatience() patience: Patience,
  ) {
    return this.steering.offered({ tenantId, callId }, patience);
  }

  /**
   * `say {text}`, `whisper {text}`, `takeover`, `release`, `transfer {to, mode?}`, `end {reason?}`; each with `by`. The
   * answer says that the call's source has accepted it; what comes of it is in the call's events. Not safe to repeat
   * without an `Idempotency-Key`.
   */
  @Operation({
    id: 'steerCall',
    summary: 'Steer a call in progress: say, whisper, take over, give back, transfer, end',
    answer: steeredAnswer,
    bodyExample: { verb: 'say', text: 'One moment, please', by: 'Ana' },
    problems: ['call-not-found', 'not-steerable', 'idempotency-key-reused'],
  })
  @Post(':call/verbs')
  @HttpCode(202)
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes repeating the same verb safe.' })
  steer(
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('call', { schema: callIdSchema }) callId: CallId,
    @Body({ schema: verbSchema }) verb: Verb,
    @Headers('idempotency-key') key: string | undefined,
    @ClientPatience() patience: Patience,
  ) {
    if (key !== undefined && !IDEMPOTENCY_KEY.test(key))
      throw new Problem('validation', 'The Idempotency-Key must be 1–200 visible ASCII characters.');
    return this.steering.steer({ tenantId, callId }, { verb, key }, actor, patience);
  }
}
