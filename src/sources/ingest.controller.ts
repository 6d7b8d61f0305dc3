import { Controller, Headers, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { z } from 'zod';
import { CurrentPrincipal, OwnRate, Scopes } from '../auth/auth.decorators.js';
import type { Principal } from '../auth/principal.js';
import type { Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { eventsIn } from '../common/metrics.js';
import { Problem } from '../common/problem.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { eachInTurns } from '../common/turns.js';
import type { AdmittedEvent } from '../events/log/event.js';
import { IdempotencyKeys, hashOf } from '../events/log/idempotency-keys.js';
import { IngestService } from '../events/live/ingest.service.js';
import { TextBody } from '../http/bodies.js';
import { ClientPatience } from '../http/patience.js';
import { ElementAdmission, type Rejected, type RequestKey } from './element-admission.js';
import { itemsIn } from './ingest-body.js';
import { Operation } from '../common/operation.js';
import { ingestAnswer } from './ingest-answer.js';

const MEBIBYTE = 1024 * 1024;
const TYPES = ['application/json', 'application/x-ndjson'];
/** The platform may bring what an upstream had collected, and so may send more at once than a tenant. */
const BODY: Parameters<typeof TextBody>[0] = {
  types: TYPES,
  maxBytes: 8 * MEBIBYTE,
  maxTenantBytes: 2 * MEBIBYTE,
  bytesPerSecond: ({ ingestBytesPerSecond }) => ingestBytesPerSecond,
};

/** In a document: any of the forms of docs/protocol.md, section 9.2. */
const EVENT = { type: 'object', additionalProperties: true };

const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1–200 visible ASCII characters');

/** A request was stored whole or not at all, so a few of its events tell. The first may be some that are not stored. */
const MAX_PRIOR_KEYS = 100;

interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: Rejected[];
}

@ApiTags('Ingest')
@Controller('v1/ingest')
export class IngestController {
  private readonly events = new TokenBuckets();

  constructor(
    private readonly ingest: IngestService,
    private readonly keys: IdempotencyKeys,
  ) {}

  /**
   * Takes events in; answers after the commit. Safe to repeat for events with an identity of their own, and for all
   * with an `Idempotency-Key`: within a day, the same key with another body is 409 `idempotency-key-reused`. A tenant's
   * token may only write events of its own agents and calls.
   */
  @Operation({
    id: 'ingestEvents',
    summary: 'Take events in: one object, an array or NDJSON; answered after the commit',
    answer: ingestAnswer,
    problems: ['idempotency-key-reused'],
    bodyExample: { event: 'call.started', callId: 'CA_7f3e', agent: 'mara', from: '+34611111111' },
  })
  @Post()
  @HttpCode(200)
  @Scopes('events:write', 'admin')
  @OwnRate()
  @TextBody(BODY)
  @ApiConsumes(...TYPES)
  @ApiBody({ schema: { oneOf: [EVENT, { type: 'array', items: EVENT }] } })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes repeating the same body safe.' })
  async take(
    @CurrentPrincipal() principal: Principal,
    @Req() request: Request,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @ClientPatience() patience: Patience,
  ): Promise<IngestAnswer> {
    if (idempotencyKey !== undefined && !idempotencyKeySchema.safeParse(idempotencyKey).success) {
      throw new Problem('validation', 'The Idempotency-Key must be 1–200 visible ASCII characters.');
    }
    const body: unknown = request.body;
    if (typeof body !== 'string') {
      throw new Problem('validation', 'Send JSON (application/json) or NDJSON (application/x-ndjson).');
    }
    const requestKey = idempotencyKey === undefined ? undefined : { key: idempotencyKey, bodyHash: hashOf(body) };
    const admission = new ElementAdmission(principal.tenantId, requestKey);
    await eachInTurns(itemsIn(body, request.is('application/x-ndjson') !== false), (item) => admission.take(item));
    this.chargeEvents(principal, admission.count);
    const events = await this.claimed(admission, principal.tenantId, requestKey, patience);
    const answer = await this.store(events, admission, principal.tenantId);
    if (answer.accepted + answer.duplicates === 0 && answer.rejected.length > 0) throw allRejected(answer);
    return answer;
  }

  /** The bytes were charged before they were read (http/bodies.ts). What the platform sends has no bound. */
  private chargeEvents({ tenantId, limits }: Principal, events: number): void {
    if (tenantId === null) return;
    const { ingestPerSecond: perSecond } = limits;
    const detail = `This tenant may send ${perSecond} events a second; none of these was taken.`;
    const retryMs = this.events.charge(tenantId, events, perSecond);
    if (retryMs > 0) throw new Problem('rate-limited', detail, {}, retryMs);
  }

  /** The events, if the request's key may be used for them. A request that is refused as a whole uses no key. */
  private async claimed(
    { admitted }: ElementAdmission,
    tenantId: TenantId | null,
    request: RequestKey | undefined,
    patience: Patience,
  ): Promise<AdmittedEvent[]> {
    const events = admitted.map(({ event }) => event);
    if (request === undefined || events.length === 0) return events;
    const priorKeys = admitted.flatMap(({ priorKey }) => priorKey ?? []).slice(0, MAX_PRIOR_KEYS);
    const wasStored = await this.keys.claim(tenantId, request.key, request.bodyHash, priorKeys, patience);
    if (!wasStored) return events;
    return admitted.map(({ event, priorKey }) => ({ ...event, key: priorKey ?? event.key }));
  }

  private async store(
    events: readonly AdmittedEvent[],
    { admitted, rejected, controls }: ElementAdmission,
    tenantId: TenantId | null,
  ): Promise<IngestAnswer> {
    const answer: IngestAnswer = { accepted: 0, duplicates: controls, rejected };
    const invalid = rejected.length;
    const outcomes = await this.ingest.submit(events, tenantId);
    for (const [order, { outcome }] of outcomes.entries()) {
      const { index = 0, isMore = false } = admitted[order] ?? {};
      if (isMore) continue;
      const refusal = REFUSALS.get(outcome);
      if (refusal) rejected.push({ index, problem: refusal.toJSON() });
      else if (outcome === 'duplicate') answer.duplicates += 1;
      else answer.accepted += 1;
    }
    // The log counts what it refuses.
    eventsIn.inc({ outcome: 'refused' }, invalid);
    rejected.sort((one, other) => one.index - other.index);
    return answer;
  }
}

const REFUSALS = new Map<string, Problem>([
  ['refused', new Problem('agent-not-found', 'There is no agent of that name.')],
  ['erased', new Problem('call-not-found', 'The call was erased: nothing of it is stored.')],
]);

/** Nothing of the request was accepted: that is an error, with the same details. */
function allRejected(answer: IngestAnswer): Problem {
  const first = answer.rejected[0]?.problem;
  const tooLarge = answer.rejected.every(({ problem }) => problem.status === 413);
  const detail = answer.rejected.length === 1 ? (first?.detail ?? '') : 'None of the events is valid.';
  return new Problem(tooLarge ? 'payload-too-large' : 'validation', detail, { errors: first?.errors ?? [], ...answer });
}
