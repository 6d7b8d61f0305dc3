/** Appends what has fired to the tenant's log, several firings in one append. */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import { rulesFired } from '../common/metrics.js';
import { IngestService } from '../events/live/ingest.service.js';
import { type Firing, firedEvent } from './firing.js';

/** Events in one append. Only this many of a tenant's are under way at a time. */
export const MAX_SAID = 200;

export interface Saying {
  readonly callId: CallId;
  readonly firing: Firing;
  /** For what time alone made fire: the call's last known position. It counts only if no event has come after it. */
  readonly unlessAfter?: number;
}

@Injectable()
export class Sayings {
  constructor(private readonly ingest: IngestService) {}

  /** Resolves with the calls that have had a further event that was not known. Rejects if it is not sure what was said. */
  async append(tenantId: TenantId, sayings: readonly Saying[]): Promise<ReadonlySet<CallId>> {
    const refused = new Set<CallId>();
    for (let from = 0; from < sayings.length; from += MAX_SAID) {
      const some = sayings.slice(from, from + MAX_SAID);
      const events = some.map(({ callId, firing, unlessAfter }) => firedEvent(callId, firing, unlessAfter));
      for (const [index, { outcome }] of (await this.ingest.submit(events, tenantId)).entries()) {
        rulesFired.inc({ outcome });
        const said = some[index];
        if (outcome === 'refused' && said?.unlessAfter !== undefined) refused.add(said.callId);
      }
    }
    return refused;
  }
}
