import { Controller, Headers, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { z } from 'zod';
import { CurrentPrincipal, OwnRate, Scopes } from '../auth/auth.decorators.js';
import type { Principal } from '../auth/principal.js';
import type { TenantId } from '../common/ids.js';
import { eventsIn } from '../common/metrics.js';
import { moment } from '../common/moment.js';
import { Problem, type ProblemBody } from '../common/problem.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { AdmittedEvent, type DecodedEvent, admitEvent } from '../events/event.js';
import { IngestService } from '../events/ingest.service.js';
import { type IngestItem, readIngestBody } from './ingest-body.js';

const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1–200 visible ASCII characters');

interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: { index: number; problem: ProblemBody }[];
}

@ApiTags('Ingest')
@Controller('v1/ingest')
export class IngestController {
  private readonly rates = new TokenBuckets();

  constructor(private readonly ingest: IngestService) {}

  /**
   * Takes events in; answers after the commit. Safe to repeat for events that carry an identity of their own, and for all with
   * an `Idempotency-Key`. A tenant's token may only write events of its own agents and calls.
   */
  @ApiOperation({ summary: 'Take events in: one object, an array or NDJSON; answered after the commit' })
  @Post()
  @HttpCode(200)
  @Scopes('events:write', 'admin')
  @OwnRate()
  @ApiConsumes('application/json', 'application/x-ndjson')
  @ApiBody({ schema: { oneOf: [{ type: 'object' }, { type: 'array', items: { type: 'object' } }] } })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes repeating the same body safe.' })
  async take(
    @CurrentPrincipal() principal: Principal,
    @Req() request: Request,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
  ): Promise<IngestAnswer> {
    if (idempotencyKey !== undefined && !idempotencyKeySchema.safeParse(idempotencyKey).success) {
      throw new Problem('validation', 'The Idempotency-Key must be 1–200 visible ASCII characters.');
    }
    if (typeof request.body !== 'string') {
      throw new Problem('validation', 'Send JSON (application/json) or NDJSON (application/x-ndjson).');
    }
    const items = readIngestBody(request.body, request.is('application/x-ndjson') !== false);
    this.charge(principal, items.length);
    const answer = await this.store(items, principal.tenantId, idempotencyKey);
    if (answer.accepted + answer.duplicates === 0 && answer.rejected.length > 0) throw allRejected(answer);
    return answer;
  }

  /** A tenant's flood costs that tenant only (security rule 17); what the platform sends in is its own to bound. */
  private charge({ tenantId, limits }: Principal, events: number): void {
    if (tenantId === null) return;
    const retryAfterMs = this.rates.charge(tenantId, events, limits.ingestPerSecond);
    if (retryAfterMs === 0) return;
    const detail = `This tenant may send ${limits.ingestPerSecond} events a second; none of these was taken.`;
    throw new Problem('rate-limited', detail, {}, retryAfterMs);
  }

  private async store(
    items: readonly IngestItem[],
    tenantId: TenantId | null,
    idempotencyKey: string | undefined,
  ): Promise<IngestAnswer> {
    const answer: IngestAnswer = { accepted: 0, duplicates: 0, rejected: [] };
    const reject = (index: number, problem: Problem) => answer.rejected.push({ index, problem: problem.toJSON() });
    const receivedAt = moment();
    const admitted: { index: number; event: AdmittedEvent }[] = [];
    for (const [index, item] of items.entries()) {
      // A marker of the call log says nothing new: it repeats the number of the entry before it.
      if ('control' in item) answer.duplicates += 1;
      else if ('problem' in item) reject(index, item.problem);
      else admit(item.event, index);
    }
    const invalid = answer.rejected.length;
    const outcomes = await this.ingest.submit(
      admitted.map(({ event }) => event),
      tenantId,
    );
    for (const [order, { outcome }] of outcomes.entries()) {
      if (outcome === 'duplicate') answer.duplicates += 1;
      else if (outcome === 'refused')
        reject(admitted[order]?.index ?? 0, new Problem('agent-not-found', 'There is no agent of that name.'));
      else if (outcome === 'erased')
        reject(
          admitted[order]?.index ?? 0,
          new Problem('call-not-found', 'The call was erased: nothing of it is stored.'),
        );
      else answer.accepted += 1;
    }
    // What the log refuses is counted there.
    eventsIn.inc({ outcome: 'refused' }, invalid);
    answer.rejected.sort((one, other) => one.index - other.index);
    return answer;

    function admit(event: DecodedEvent, index: number): void {
      try {
        const identity =
          event.identity ?? (idempotencyKey === undefined ? undefined : ['idempotency-key', idempotencyKey, index]);
        // A tenant's writer has identities of its own: it can neither block nor probe another's.
        const scoped = identity && tenantId !== null ? ['tenant', tenantId, ...identity] : identity;
        admitted.push({ index, event: admitEvent({ ...event, identity: scoped }, receivedAt) });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        reject(index, error);
      }
    }
  }
}

/** Nothing of the request was taken: that is an error, with the same particulars. */
function allRejected(answer: IngestAnswer): Problem {
  const first = answer.rejected[0]?.problem;
  const tooLarge = answer.rejected.every(({ problem }) => problem.status === 413);
  const detail = answer.rejected.length === 1 ? (first?.detail ?? '') : 'None of the events is valid.';
  return new Problem(tooLarge ? 'payload-too-large' : 'validation', detail, { errors: first?.errors ?? [], ...answer });
}
