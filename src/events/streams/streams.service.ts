import { Injectable } from '@nestjs/common';
import { Observable } from 'rxjs';
import { AgentsService } from '../../agents/agents.service.js';
import { OwnedAgents } from '../../agents/owned-agents.js';
import { tenantOf } from '../../auth/auth.decorators.js';
import type { Principal } from '../../auth/principal.js';
import type { Patience } from '../../common/fair-slots.js';
import type { AgentName, CallId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { type StreamFormat, platformNumbering, tenantNumbering } from '../live/cloud-event.js';
import type { Chunk } from '../live/frame.js';
import type { EventFilter, PlatformFilter } from '../log/event-filter.js';
import { RecentlyErased } from '../log/recently-erased.js';
import { EventLog, TenantHeads } from '../log/event-log.js';
import { EventRouter } from '../live/event-router.js';
import { EventStream } from './event-stream.js';
import { LogExpiry } from '../log/log-expiry.js';
import { LogLineage } from '../log/log-lineage.js';
import { LogPages } from './log-pages.js';
import { LogReader } from '../log/log-reader.js';
import type { Outlet } from './outlet.js';
import { type LogSources, PlatformLogView, type LogView, TenantLogView } from './log-view.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamConnection, type StreamScope } from './stream-connection.js';
import { OpenStreams } from './open-streams.js';
import type { StreamStart } from './stream-start.js';
import { StreamRights } from './stream-rights.js';

/** What a client asked for, before it is narrowed by its token. */
export interface StreamQuery {
  readonly agents?: readonly AgentName[] | undefined;
  readonly call?: CallId | undefined;
  readonly types?: readonly string[] | undefined;
  readonly cursor: string | undefined;
  readonly since?: Date | undefined;
  readonly format?: StreamFormat;
}

@Injectable()
export class StreamsService {
  private readonly sources: LogSources;

  constructor(
    log: EventLog,
    private readonly reader: LogReader,
    expiry: LogExpiry,
    lineage: LogLineage,
    erased: RecentlyErased,
    heads: TenantHeads,
    owned: OwnedAgents,
    pages: LogPages,
    router: EventRouter,
    private readonly agents: AgentsService,
    private readonly connections: OpenStreams,
    private readonly rights: StreamRights,
    private readonly admission: StreamAdmission,
  ) {
    this.sources = { log, reader, expiry, lineage, erased, heads, owned, pages, router };
  }

  /**
   * A tenant's stream. Every refusal happens here, before the first frame: throws `agent-not-found`, `call-not-found`,
   * `insufficient-scope`. The observable never errors after its first frame.
   */
  async open(principal: Principal, query: StreamQuery, outlet: Outlet): Promise<Observable<Chunk>> {
    const tenantId = tenantOf(principal);
    const patience = await this.admit(principal, outlet);
    const filter = await this.resolve(principal, query, patience);
    const view = new TenantLogView(this.sources, tenantId, filter, tenantNumbering(query.format));
    const start = {
      cursor: query.cursor,
      since: query.since,
      from: query.call === undefined ? 'live' : 'start',
    } as const;
    return this.connect(principal, view, start, scopeOf(filter), outlet);
  }

  /** An admin's stream. Throws `agent-not-found` for an agent that nobody has heard of. */
  async openAcrossTenants(
    principal: Principal,
    filter: PlatformFilter,
    begin: Pick<StreamQuery, 'cursor' | 'since' | 'format'>,
    outlet: Outlet,
  ): Promise<Observable<Chunk>> {
    const patience = await this.admit(principal, outlet);
    if (filter.agents) await this.agents.assertKnownAcrossTenants(filter.agents, patience);
    const view = new PlatformLogView(this.sources, filter, platformNumbering(begin.format));
    const scope = { ...scopeOf({ ...filter, calls: null }), tenants: filter.tenants && [...filter.tenants] };
    return this.connect(principal, view, { cursor: begin.cursor, since: begin.since, from: 'live' }, scope, outlet);
  }

  /** A client that may have no more streams is refused before it waits for a place. */
  private async admit(principal: Principal, outlet: Outlet): Promise<Patience> {
    this.connections.assertRoom(principal);
    return this.admission.admit(outlet.response);
  }

  private connect(
    principal: Principal,
    view: LogView,
    start: StreamStart,
    scope: StreamScope,
    outlet: Outlet,
  ): Observable<Chunk> {
    return new Observable<Chunk>((reader) => {
      const stream = new EventStream(view, outlet, reader);
      const connection = new StreamConnection(principal, scope, stream, outlet, reader, view);
      this.connections.add(connection);
      this.rights.recheck(connection);
      stream.start(start).catch((error: unknown) => reader.error(error));
      return () => {
        stream.stop();
        this.connections.remove(connection);
      };
    });
  }

  /** The client's filter within the token's narrowing: a filter can only narrow. */
  private async resolve(
    principal: Principal,
    { agents, call, types }: StreamQuery,
    patience: Patience,
  ): Promise<EventFilter> {
    const tenantId = tenantOf(principal);
    const asked = agents ?? principal.agents;
    if (agents && principal.agents && !agents.every((agent) => principal.agents?.includes(agent))) {
      throw new Problem('agent-not-found', 'There is no agent of that name.');
    }
    if (asked) await this.agents.assertReadable(tenantId, asked, patience);
    if (
      call !== undefined &&
      (principal.calls?.includes(call) === false || !(await this.reader.hasCall(tenantId, call, patience)))
    ) {
      throw new Problem('call-not-found', 'There is no call of that id.');
    }
    const calls = call !== undefined ? [call] : principal.calls;
    return {
      agents: asked ? new Set(asked) : null,
      calls: calls ? new Set(calls) : null,
      types: narrowTypes(types ?? null, principal.types),
    };
  }
}

function scopeOf({ agents, calls, types }: EventFilter): StreamScope {
  return { agents: agents && [...agents], calls: calls && [...calls], types };
}

/** Applies both lists at once: of each pair of patterns, the narrower one if it lies within the other. */
export function narrowTypes(
  asked: readonly string[] | null,
  allowed: readonly string[] | null,
): readonly string[] | null {
  if (asked === null) return allowed;
  if (allowed === null) return asked;
  const within = (inner: string, outer: string) =>
    inner === outer || (outer.endsWith('.*') && inner.startsWith(outer.slice(0, -1)));
  return [
    ...asked.filter((one) => allowed.some((other) => within(one, other))),
    ...allowed.filter((one) => asked.some((other) => within(one, other))),
  ];
}
