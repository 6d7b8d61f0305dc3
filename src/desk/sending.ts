/** Sends a verb to a call's source, and says what its answer means. */
import { Problem } from '../common/problem.js';
import { SparseLog } from '../common/sparse-log.js';
import { noSuchCall } from '../calls/lists/whose.js';
import { blameOf } from '../database/database-errors.js';
import { UpstreamBusy, type UpstreamCalls } from '../sources/upstream-calls.js';
import { verbsSent } from './desk-metrics.js';
import type { Verb } from './verbs.schemas.js';

const RETRY_MS = 5000;
/** A verb that was sent is not taken back because the client has gone. */
const NEVER = new AbortController().signal;

export class Sending {
  private readonly log = new SparseLog('Steering');

  /** Resolves when it was accepted. Throws as {@link SteeringService.steer} says. */
  async send(calls: UpstreamCalls, callId: string, { by: _by, ...verb }: Verb): Promise<void> {
    const { status, body } = await this.ask(() => calls.steer(callId, verb, NEVER), NEVER);
    body.destroy();
    if (status >= 200 && status < 300) return verbsSent.inc({ outcome: 'accepted' });
    if (status === 404 || status === 409 || status === 410) {
      verbsSent.inc({ outcome: 'over' });
      throw noSuchCall();
    }
    if (status === 400 || status === 422) {
      verbsSent.inc({ outcome: 'invalid' });
      throw new Problem('validation', 'The source of this call does not take that.');
    }
    if (status === 401 || status === 403) {
      verbsSent.inc({ outcome: 'refused' });
      this.log.warn(
        'key',
        `a verb was refused with status ${status}: does PINECALL2_SUPERVISOR_KEY, or else the source's own key, have the scope "supervise"?`,
      );
      throw new Problem('not-steerable', 'The source of this call does not let us steer it.');
    }
    verbsSent.inc({ outcome: 'unavailable' });
    throw unavailable();
  }

  /** What befell the connection is nobody's fault who asked. */
  async ask<Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Problem || signal.aborted || blameOf(error) === 'database') throw error;
      verbsSent.inc({ outcome: 'unavailable' });
      if (error instanceof UpstreamBusy) throw unavailable(error.retryAfterMs);
      this.log.warn(
        'failed',
        `a call's source cannot be reached: ${error instanceof Error ? error.message : 'unknown'}`,
      );
      throw unavailable();
    }
  }
}

function unavailable(retryAfterMs = RETRY_MS): Problem {
  const detail = 'The source of this call does not answer, and it is not known whether this was done.';
  return new Problem('unavailable', detail, {}, retryAfterMs);
}
