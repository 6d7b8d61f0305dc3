import { Controller, Headers, Param, Query, Sse } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { MAX_LISTED } from '../../agents/owned-agents.js';
import { CurrentPrincipal, StreamScopes } from '../../auth/auth.decorators.js';
import type { Principal } from '../../auth/principal.js';
import { type AgentName, type CallId, agentNameSchema, callIdSchema } from '../../common/ids.js';
import { filterQuery } from '../log/event-filter.js';
import { Outlet, StreamOutlet } from './outlet.js';
import { cursorOf, streamQuery } from './stream-query.js';
import { StreamsService } from './streams.service.js';
import { Operation } from '../../common/operation.js';
import { streamAnswer } from './stream-answer.js';

const tenantQuery = streamQuery(filterQuery);
const narrowedQuery = streamQuery({ types: filterQuery.types });

type TenantQuery = z.infer<typeof tenantQuery>;
type NarrowedQuery = z.infer<typeof narrowedQuery>;

@ApiTags('Streams')
@ApiHeader({
  name: 'Last-Event-ID',
  required: false,
  description: 'Resume after this id; wins over `lastEventId`, which wins over `after`.',
})
@Controller()
@StreamScopes('events:read')
export class StreamsController {
  constructor(private readonly streams: StreamsService) {}

  /** Every agent of the caller's tenant. */
  @Operation({
    id: 'streamEvents',
    summary: 'Stream: every agent of the tenant',
    description: `\`connected\` and \`agents.changed\` name the tenant’s agents, ${MAX_LISTED} at most; of more they say how many (\`agents: null, agentCount\`).`,
    ...streamAnswer,
    problems: ['agent-not-found'],
  })
  @Sse(paths('v1/events', 'events'))
  async events(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: tenantQuery }) { agents, types, since, format, ...begin }: TenantQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @StreamOutlet() outlet: Outlet,
  ) {
    return outlet.send(
      await this.streams.open(
        principal,
        { agents, types, cursor: cursorOf(lastEventId, begin), since, format },
        outlet,
      ),
    );
  }

  /** One agent. */
  @Operation({
    id: 'streamAgentEvents',
    summary: 'Stream: one agent',
    ...streamAnswer,
    problems: ['agent-not-found'],
  })
  @Sse(paths('v1/agents/:agent/events', 'events/:agent'))
  async agentEvents(
    @CurrentPrincipal() principal: Principal,
    @Param('agent', { schema: agentNameSchema }) agent: AgentName,
    @Query({ schema: narrowedQuery }) { types, since, format, ...begin }: NarrowedQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @StreamOutlet() outlet: Outlet,
  ) {
    return outlet.send(
      await this.streams.open(
        principal,
        { agents: [agent], types, cursor: cursorOf(lastEventId, begin), since, format },
        outlet,
      ),
    );
  }

  /** One call: its log from the start, then live. */
  @Operation({
    id: 'streamCallEvents',
    summary: 'Stream: one call, from its start, then live',
    ...streamAnswer,
    problems: ['call-not-found'],
  })
  @Sse('v1/calls/:call/events')
  async callEvents(
    @CurrentPrincipal() principal: Principal,
    @Param('call', { schema: callIdSchema }) call: CallId,
    @Query({ schema: narrowedQuery }) { types, since, format, ...begin }: NarrowedQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @StreamOutlet() outlet: Outlet,
  ) {
    return outlet.send(
      await this.streams.open(principal, { call, types, cursor: cursorOf(lastEventId, begin), since, format }, outlet),
    );
  }
}

/** A path and its alias. The router takes several, as `@Get()` does, though the type of `@Sse()` allows only one. */
function paths(...several: string[]): string {
  return several as unknown as string;
}
