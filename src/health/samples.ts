/**
 * Metrics that are looked up at each scrape, and cost nothing in between. The app has a registry of its own, so that
 * two apps in one process do not mix. Names and units: https://prometheus.io/docs/practices/naming/
 */
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Bus } from '../bus/bus.js';
import { PgPool, type PoolUse } from '../database/pg-pool.js';
import { AppendPool, BackgroundPool, ReadPool, ReaderPool, ReplayPool } from '../database/pools.js';
import { PrismaService } from '../database/prisma.service.js';
import { EventTail } from '../events/live/event-tail.js';
import { IngestService } from '../events/live/ingest.service.js';
import { READER_CLASSES } from '../events/streams/stream-connection.js';
import { OpenStreams } from '../events/streams/open-streams.js';
import { Answers } from '../http/answers.js';
import { Sockets } from '../http/sockets.js';
import { SOURCE_STATES } from '../sources/source.js';
import { SourceSupervisor } from '../sources/source-supervisor.js';
import { type Readiness, ReadinessService } from './readiness.js';
import { VERSION } from '../common/version.js';

@Injectable()
export class Samples {
  readonly registry = new Registry();
  private readonly ready = this.gauge(
    'switchboard_ready',
    'Whether the process can do its work (1), or its database is away or it goes down (0).',
  );
  private readonly partUp = this.gauge(
    'switchboard_part_up',
    'Whether a part is as it should be, as /readyz has it: database, tail, bus, streams, calls, sources.',
    ['part'],
  );
  private readonly streams = this.gauge('switchboard_streams_open', 'Open event streams, by who reads.', ['class']);
  private readonly opening = this.gauge(
    'switchboard_streams_opening',
    'Streams that are being opened: authenticated, and not greeted yet.',
  );
  private readonly strangers = this.gauge(
    'switchboard_connections_unauthenticated',
    'Connections on which no request was authenticated yet.',
  );
  private readonly answerBytes = this.gauge(
    'switchboard_answers_pending_bytes',
    'Bytes of answers, streams apart, that wait for their clients.',
  );
  private readonly streamsBehind = this.gauge(
    'switchboard_streams_behind',
    'Open streams that are served from the log: they have just come, or read too slowly to be live.',
  );
  private readonly pendingBytes = this.gauge(
    'switchboard_streams_pending_bytes',
    'Bytes that wait in this process for readers to take them.',
  );
  private readonly sentBytes = new Counter({
    name: 'switchboard_streams_sent_bytes_total',
    help: 'Bytes that the kernel has taken for readers of streams.',
    registers: [this.registry],
  });
  private readonly ingestWaiting = this.gauge(
    'switchboard_ingest_waiting_events',
    'Events that have come in and wait for their append.',
  );
  private readonly tailLag = this.gauge(
    'switchboard_tail_lag_seconds',
    'How long the oldest event has been in the log that this process has not delivered yet; 0: there is none.',
  );
  private readonly callsLag = this.gauge(
    'switchboard_calls_lag_events',
    'Events of the log that the calls do not show yet, in the whole fleet. Absent while the database is away.',
  );
  private readonly busUp = this.gauge(
    'switchboard_bus_up',
    'Whether messages of other processes reach this one (1) or the log is polled (0).',
    ['kind'],
  );
  private readonly sourceState = this.gauge(
    'switchboard_source_state',
    'Processes in which the source is in the state. Of a source that runs once, all but one stand by.',
    ['source', 'state'],
  );
  private readonly sourceTrouble = this.gauge(
    'switchboard_source_trouble',
    'Whether /readyz names something that is not as it should be with the source (1) or not (0), live or not.',
    ['source'],
  );
  private readonly sourceLastEvent = this.gauge(
    'switchboard_source_last_event_timestamp_seconds',
    'When the source last brought something, in Unix time.',
    ['source'],
  );
  private readonly sourceWaiting = this.gauge(
    'switchboard_source_waiting_events',
    'Events that the source has read and that are not committed yet.',
    ['source'],
  );
  private readonly sourceBacklog = this.gauge(
    'switchboard_source_upstream_backlog_messages',
    'Messages that upstream still has for the source, where it says so: JetStream, Redis streams.',
    ['source'],
  );
  private readonly connections = this.gauge(
    'switchboard_database_connections',
    'Connections to the database, by what they are for and whether they are at work.',
    ['pool', 'state'],
  );
  private readonly connectionsMax = this.gauge(
    'switchboard_database_connections_max',
    'Connections that a pool may have.',
    ['pool'],
  );
  private readonly connectionsWaiting = this.gauge(
    'switchboard_database_waiting',
    'Requests that wait for a connection to the database.',
    ['pool'],
  );

  private readonly pools: Readonly<Record<string, { readonly use: PoolUse }>>;

  constructor(
    private readonly readiness: ReadinessService,
    private readonly streamConnections: OpenStreams,
    private readonly ingest: IngestService,
    private readonly tail: EventTail,
    private readonly bus: Bus,
    private readonly sources: SourceSupervisor,
    control: PgPool,
    append: AppendPool,
    background: BackgroundPool,
    readers: ReaderPool,
    replay: ReplayPool,
    read: ReadPool,
    manage: PrismaService,
    private readonly sockets: Sockets,
    private readonly answers: Answers,
  ) {
    this.pools = { append, control, background, readers, replay, read, manage };
    collectDefaultMetrics({ register: this.registry });
    this.gauge('switchboard_build_info', 'Which version runs; always 1.', ['version']).set({ version: VERSION }, 1);
  }

  /** The registry, as of now. */
  async take(): Promise<Registry> {
    this.takeReadiness(await this.readiness.look());
    this.takeStreams();
    this.takeSources();
    this.takePools();
    this.strangers.set(this.sockets.strangerCount);
    this.answerBytes.set(this.answers.heldBytes);
    this.ingestWaiting.set(this.ingest.waitingEvents);
    this.tailLag.set(this.tail.behindMs / 1000);
    this.busUp.set({ kind: this.bus.kind }, Number(this.bus.connected));
    return this.registry;
  }

  private takeReadiness({ status, database, tail, bus, streams, calls, sources }: Readiness): void {
    const states = Object.values(sources).map(({ state }) => state);
    this.ready.set(Number(status === 'ready'));
    this.partUp.set({ part: 'database' }, Number(database.state === 'up'));
    this.partUp.set({ part: 'tail' }, Number(tail.state === 'up'));
    this.partUp.set({ part: 'bus' }, Number(bus.state === 'up'));
    this.partUp.set({ part: 'streams' }, Number(streams.state === 'up'));
    this.opening.set(streams.opening);
    this.partUp.set({ part: 'calls' }, Number(calls.state !== 'away'));
    this.partUp.set({ part: 'sources' }, Number(states.every((state) => state === 'live' || state === 'standby')));
    if ('behind' in calls) this.callsLag.set(calls.behind);
    else this.callsLag.remove();
  }

  private takeStreams(): void {
    const open = new Map<string, number>(READER_CLASSES.map((one) => [one, 0]));
    let [behind, pending] = [0, 0];
    for (const { readerClass, stream, outlet } of this.streamConnections.all) {
      open.set(readerClass, (open.get(readerClass) ?? 0) + 1);
      if (!stream.isLive) behind += 1;
      pending += outlet.queuedBytes;
    }
    for (const [readerClass, count] of open) this.streams.set({ class: readerClass }, count);
    this.streamsBehind.set(behind);
    this.pendingBytes.set(pending);
    this.sentBytes.reset();
    this.sentBytes.inc(this.streamConnections.takenBytes);
  }

  private takeSources(): void {
    for (const { name, state, error } of this.sources.status) {
      this.sourceTrouble.set({ source: name }, Number(error !== null));
      for (const one of SOURCE_STATES) this.sourceState.set({ source: name, state: one }, Number(one === state));
    }
    for (const { source, lastEventAt, waitingEvents, upstreamBacklog } of this.sources.progress) {
      if (lastEventAt) this.sourceLastEvent.set({ source }, lastEventAt.getTime() / 1000);
      if (upstreamBacklog !== undefined) this.sourceBacklog.set({ source }, upstreamBacklog);
      this.sourceWaiting.set({ source }, waitingEvents);
    }
  }

  private takePools(): void {
    for (const [pool, { use }] of Object.entries(this.pools)) {
      this.connections.set({ pool, state: 'busy' }, use.busy);
      this.connections.set({ pool, state: 'idle' }, use.open - use.busy);
      this.connectionsMax.set({ pool }, use.max);
      this.connectionsWaiting.set({ pool }, use.waiting);
    }
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
