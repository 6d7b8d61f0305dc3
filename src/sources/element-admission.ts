/** Decides, element by element, what of a request may enter the log. */
import type { TenantId } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Problem, type ProblemBody } from '../common/problem.js';
import { type AdmittedEvent, type DecodedEvent, admitEvent, eventKey } from '../events/log/event.js';
import type { IngestItem } from './ingest-body.js';

export interface Rejected {
  readonly index: number;
  readonly problem: ProblemBody;
}

/** The `Idempotency-Key` of a request, with the hash of its body. */
export interface RequestKey {
  readonly key: string;
  readonly bodyHash: string;
}

interface Admitted {
  readonly index: number;
  readonly event: AdmittedEvent;
  /** Of an event that is recognised by the request's key alone: its identity in versions before 2026-11-27. */
  readonly priorKey: string | undefined;
  /** Further information in the element beside its event: stored with it, and not counted. */
  readonly isMore: boolean;
}

export class ElementAdmission {
  readonly admitted: Admitted[] = [];
  readonly rejected: Rejected[] = [];
  /** Markers of the call log: they bring nothing new, and repeat the number of the entry before them. */
  controls = 0;
  count = 0;
  private readonly receivedAt = moment();

  constructor(
    private readonly tenantId: TenantId | null,
    private readonly request: RequestKey | undefined,
  ) {}

  take(item: IngestItem): void {
    const index = this.count++;
    if ('control' in item) this.controls += 1;
    else if ('problem' in item) this.reject(index, item.problem);
    else for (const [part, event] of [item.event, ...(item.more ?? [])].entries()) this.admit(index, event, part > 0);
  }

  private admit(index: number, event: DecodedEvent, isMore: boolean): void {
    try {
      const byRequest = event.identity === undefined ? this.request : undefined;
      const key = byRequest && ['idempotency-key', byRequest.key];
      const identity = this.scoped(key ? [...key, index, byRequest.bodyHash] : event.identity);
      const admitted = admitEvent({ ...event, identity }, this.receivedAt);
      const prior = this.scoped(key && [...key, index]);
      this.admitted.push({ index, event: admitted, priorKey: prior && eventKey(prior), isMore });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!isMore) this.reject(index, error);
    }
  }

  /** A tenant's writer has separate identities: it can neither block nor probe another tenant's. */
  private scoped(identity: readonly unknown[] | undefined): readonly unknown[] | undefined {
    return identity && this.tenantId !== null ? ['tenant', this.tenantId, ...identity] : identity;
  }

  private reject(index: number, problem: Problem): void {
    this.rejected.push({ index, problem: problem.toJSON() });
  }
}
