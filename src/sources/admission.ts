/** What of one request may enter the log, and what not, element by element. */
import type { TenantId } from '../common/ids.js';
import { moment } from '../common/moment.js';
import { Problem, type ProblemBody } from '../common/problem.js';
import { type AdmittedEvent, type DecodedEvent, admitEvent } from '../events/event.js';
import type { IngestItem } from './ingest-body.js';

export interface Rejected {
  readonly index: number;
  readonly problem: ProblemBody;
}

export class Admission {
  readonly admitted: { readonly index: number; readonly event: AdmittedEvent }[] = [];
  readonly rejected: Rejected[] = [];
  /** Markers of the call log: they say nothing new, they repeat the number of the entry before them. */
  controls = 0;
  count = 0;
  private readonly receivedAt = moment();

  constructor(
    private readonly tenantId: TenantId | null,
    private readonly idempotencyKey: string | undefined,
  ) {}

  take(item: IngestItem): void {
    const index = this.count++;
    if ('control' in item) this.controls += 1;
    else if ('problem' in item) this.reject(index, item.problem);
    else this.admit(index, item.event);
  }

  private admit(index: number, event: DecodedEvent): void {
    try {
      const identity = this.identityOf(event, index);
      this.admitted.push({ index, event: admitEvent({ ...event, identity }, this.receivedAt) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.reject(index, error);
    }
  }

  private identityOf({ identity: own }: DecodedEvent, index: number): readonly unknown[] | undefined {
    const identity =
      own ?? (this.idempotencyKey === undefined ? undefined : ['idempotency-key', this.idempotencyKey, index]);
    // A tenant's writer has identities of its own: it can neither block nor probe another's.
    return identity && this.tenantId !== null ? ['tenant', this.tenantId, ...identity] : identity;
  }

  private reject(index: number, problem: Problem): void {
    this.rejected.push({ index, problem: problem.toJSON() });
  }
}
