import { Controller, Headers, Query, Sse } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CurrentPrincipal, StreamScopes } from '../auth/auth.decorators.js';
import type { Principal } from '../auth/principal.js';
import { tenantIdSchema } from '../common/ids.js';
import { commaList } from '../common/validation.js';
import { filterQuery } from '../events/log/event-filter.js';
import { Outlet, StreamOutlet } from '../events/streams/outlet.js';
import { cursorOf, streamQuery } from '../events/streams/stream-query.js';
import { StreamsService } from '../events/streams/streams.service.js';
import { whileConnected } from '../http/patience.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { Operation } from '../common/operation.js';
import { streamAnswer } from '../events/streams/stream-answer.js';

const querySchema = streamQuery({
  ...filterQuery,
  tenants: commaList(tenantIdSchema).optional(),
  unassigned: z.stringbool().default(false),
});

@ApiTags('Streams')
@ApiHeader({
  name: 'Last-Event-ID',
  required: false,
  description: 'Resume after this position; wins over `lastEventId`, which wins over `after`.',
})
@Controller('v1/admin/events')
@StreamScopes('admin')
export class AdminEventsController {
  constructor(
    private readonly streams: StreamsService,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * Ids are positions of the platform's log. `unassigned=true`: nobody's events, in addition to those of the named
   * tenants.
   */
  @Operation({
    id: 'streamAllEvents',
    summary: 'Stream: every tenant, and what nobody owns',
    ...streamAnswer,
    problems: ['tenant-not-found'],
  })
  @Sse()
  async events(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: querySchema })
    { tenants, agents, types, unassigned, since, format, ...begin }: z.infer<typeof querySchema>,
    @Headers('last-event-id') lastEventId: string | undefined,
    @StreamOutlet() outlet: Outlet,
  ) {
    if (tenants) await this.tenants.assertAllExist(tenants, whileConnected(outlet.response));
    const filter = {
      tenants: tenants ? new Set(tenants) : null,
      unassigned,
      agents: agents ? new Set(agents) : null,
      types: types ?? null,
    };
    const cursor = cursorOf(lastEventId, begin);
    return outlet.send(await this.streams.openAcrossTenants(principal, filter, { cursor, since, format }, outlet));
  }
}
