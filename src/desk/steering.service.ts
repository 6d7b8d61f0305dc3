/**
 * Steers calls in progress. The process that serves the person sends the verb itself, with the source's key: it is one
 * request, and the process that reads the call may be another one. What comes of it is read from the call's log.
 */
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { CallFinder, type CallStanding } from '../calls/lists/call-finder.js';
import { noSuchCall } from '../calls/lists/whose.js';
import type { Patience } from '../common/fair-slots.js';
import type { CallId, TenantId } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import { SparseLog } from '../common/sparse-log.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { PrismaService } from '../database/prisma.service.js';
import { IngestService } from '../events/live/ingest.service.js';
import { type AdmittedEvent, CALL_STEERED, admitEvent } from '../events/log/event.js';
import { IdempotencyKeys, hashOf } from '../events/log/idempotency-keys.js';
import { LogInquiry } from '../events/log/log-inquiry.js';
import { CallUpstreams } from '../sources/call-upstreams.js';
import type { UpstreamCalls } from '../sources/upstream-calls.js';
import { Sending } from './sending.js';
import { VERBS, type Verb, type VerbName } from './verbs.schemas.js';

/** Verbs of a tenant a second; five seconds' worth may come at once. */
const PER_SECOND = 2;
/** Looks at what a call offers, of a tenant: a page does so for each call that is opened. */
const LOOKS_PER_SECOND = 5;

interface Asked {
  readonly verb: Verb;
  /** The `Idempotency-Key`. */
  readonly key: string | undefined;
}

interface Steered {
  readonly callId: CallId;
  readonly verb: VerbName;
  readonly by: string;
}

interface TenantCall {
  readonly tenantId: TenantId;
  readonly callId: CallId;
}

@Injectable()
export class SteeringService {
  private readonly rates = new TokenBuckets();
  private readonly looks = new TokenBuckets();
  private readonly log = new SparseLog('Steering');
  private readonly sending = new Sending();
  /** Requests with an `Idempotency-Key` that are under way in this process. */
  private readonly underWay = new Map<string, Promise<Steered>>();

  constructor(
    private readonly finder: CallFinder,
    private readonly upstreams: CallUpstreams,
    private readonly inquiry: LogInquiry,
    private readonly keys: IdempotencyKeys,
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
    private readonly ingest: IngestService,
  ) {}

  /**
   * Resolves when the call's source has accepted the verb. Throws `call-not-found` for a call that is unknown, another
   * tenant's or over; `not-steerable`, `rate-limited`, `idempotency-key-reused`, and `unavailable` when the source does
   * not answer: then it is not known what became of it.
   */
  async steer(name: TenantCall, asked: Asked, actor: Actor, patience: Patience): Promise<Steered> {
    const { tenantId, callId } = name;
    const retryMs = this.rates.charge(tenantId, 1, PER_SECOND);
    if (retryMs > 0)
      throw new Problem('rate-limited', `This tenant may steer ${PER_SECOND} times a second.`, {}, retryMs);
    const call = await this.finder.find(tenantId, callId, patience);
    if (call === undefined || call.state === 'ended') throw noSuchCall();
    const by = asked.verb.by ?? `token ${actor.name.replace(/^.*#/, '').slice(0, 8)}`;
    const steered = { callId, verb: asked.verb.verb, by };
    const identity = asked.key ?? randomUUID();
    const event = eventOf(call, steered, identity);
    if (asked.key === undefined) return this.send(name, asked.verb, event, steered, actor, patience);
    const body = hashOf(JSON.stringify(asked.verb));
    const isDone = await this.keys.claim(tenantId, `verb ${callId} ${asked.key}`, body, [event.key], patience);
    return isDone ? steered : this.once(name, identity, () => this.send(name, asked.verb, event, steered, actor, patience)); // prettier-ignore
  }

  /** What can be asked of the call. Throws `call-not-found` as {@link steer}; `rate-limited`, `unavailable`. */
  async offered(name: TenantCall, patience: Patience): Promise<{ readonly verbs: readonly VerbName[] }> {
    const retryMs = this.looks.charge(name.tenantId, 1, LOOKS_PER_SECOND);
    if (retryMs > 0)
      throw new Problem('rate-limited', `This tenant may look ${LOOKS_PER_SECOND} times a second.`, {}, retryMs);
    const call = await this.finder.find(name.tenantId, name.callId, patience);
    if (call === undefined || call.state === 'ended') throw noSuchCall();
    return { verbs: (await this.findUpstream(name, patience)) === undefined ? [] : VERBS };
  }

  private once({ tenantId, callId }: TenantCall, key: string, work: () => Promise<Steered>): Promise<Steered> {
    const name = `${tenantId} ${callId} ${key}`;
    const known = this.underWay.get(name);
    if (known !== undefined) return known;
    const begun = work().finally(() => this.underWay.delete(name));
    this.underWay.set(name, begun);
    return begun;
  }

  private async send(
    name: TenantCall,
    verb: Verb,
    event: AdmittedEvent,
    steered: Steered,
    actor: Actor,
    patience: Patience,
  ): Promise<Steered> {
    const calls = await this.upstreamOf(name, patience);
    await this.note(name, steered, actor);
    await this.sending.send(calls, name.callId, verb);
    // It is done, and must not be repeated because the log could not take it in.
    await this.ingest.submit([event], name.tenantId).catch((error: Error) => this.log.warn('event', error.message));
    return steered;
  }

  private async upstreamOf(name: TenantCall, patience: Patience): Promise<UpstreamCalls> {
    const calls = await this.findUpstream(name, patience);
    if (calls === undefined) throw new Problem('not-steerable', 'The source of this call cannot steer it.');
    return calls;
  }

  private async findUpstream(name: TenantCall, patience: Patience): Promise<UpstreamCalls | undefined> {
    const upstream = await this.sending.ask(() => this.upstreams.of(name.callId, patience.until), patience.until);
    // Its id may be that of another tenant's call: the upstream's agent tells whose it is.
    const isOwn = upstream !== undefined && (await this.inquiry.isFromSource(name, upstream.agent, patience));
    return isOwn ? upstream.calls : undefined;
  }

  /** Before it is sent: whatever dies meanwhile, both audits say who asked. Without what is said. */
  private async note({ tenantId, callId }: TenantCall, { verb, by }: Steered, actor: Actor): Promise<void> {
    const change = { action: 'call.steer', target: callId, before: null, after: { verb, by }, books: [{ tenantId }] };
    await this.audit.record(this.prisma, actor, change);
  }
}

/** What the tenant's log says of it. */
function eventOf({ agent, tenantId }: CallStanding, { callId, verb, by }: Steered, identity: string): AdmittedEvent {
  const event = {
    type: CALL_STEERED,
    agent,
    callId,
    at: undefined,
    ephemeral: false,
    identity: [CALL_STEERED, tenantId, callId, identity],
    data: { callId, verb, by },
  };
  return admitEvent(event, moment(), CALL_STEERED);
}
