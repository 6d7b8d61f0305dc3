import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Scopes } from '../auth/auth.decorators.js';
import type { Patience } from '../common/fair-slots.js';
import { callIdSchema, opaqueIdSchema, tenantIdSchema } from '../common/ids.js';
import { ClientPatience } from '../http/patience.js';
import { ExplainService } from './explain.service.js';
import { Operation } from '../common/operation.js';
import { explainAnswer } from './admin-answers.js';

const query = z
  .strictObject({
    tenant: tenantIdSchema,
    /** A position of the platform's log: the id of /v1/admin/events. */
    event: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    /** Instead of an event: a call's id, of whichever tenant. Its first event is looked at. */
    call: callIdSchema.optional(),
    /** The id of the token that the tenant reads with. Its filters are looked at, too. */
    tokenId: opaqueIdSchema.optional(),
  })
  .refine(({ event, call }) => (event === undefined) !== (call === undefined), 'name an event or a call');

@ApiTags('Explain')
@Controller('v1/admin/explain')
@Scopes('admin')
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  @Operation({
    id: 'explainDelivery',
    summary: 'Why a tenant did or did not get an event, or a call',
    answer: explainAnswer,
    problems: ['tenant-not-found', 'token-not-found', 'call-not-found'],
  })
  @Get()
  explain(
    @Query({ schema: query }) { tenant, event, call, tokenId }: z.infer<typeof query>,
    @ClientPatience() patience: Patience,
  ) {
    if (call !== undefined) return this.explanations.explainCall(tenant, call, tokenId, patience);
    return this.explanations.explain(tenant, event ?? 0, tokenId, patience);
  }
}
