/** The recording of a call: where it is, who may hear it, and the way from there to a client. */
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { CallStanding } from '../calls/lists/call-finder.js';
import { callKey } from '../events/log/event.js';
import { LogInquiry } from '../events/log/log-inquiry.js';
import { RecentlyErased } from '../events/log/recently-erased.js';
import type { Patience } from '../common/fair-slots.js';
import type { TenantId } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { SparseLog } from '../common/sparse-log.js';
import { CallUpstreams } from '../sources/call-upstreams.js';
import { type UpstreamAnswer, UpstreamBusy } from '../sources/upstream-calls.js';
import { recordingsServed } from './desk-metrics.js';
import { BrokenOff, contentRangeOf, isAudio, passOn, rangeHeaders } from './recording-answer.js';
import { PlaceNotAllowed, RecordingFetch, isRedirect } from './recording-fetch.js';
import { RecordingRoom } from './recording-room.js';
import { blameOf } from '../database/database-errors.js';

const RETRY_MS = 5000;

@Injectable()
export class RecordingsService {
  private readonly log = new SparseLog('Recordings');

  constructor(
    private readonly upstreams: CallUpstreams,
    private readonly inquiry: LogInquiry,
    private readonly elsewhere: RecordingFetch,
    private readonly room: RecordingRoom,
    private readonly erased: RecentlyErased,
  ) {}

  /** Throws `rate-limited`, or `unavailable`. Before anything is looked up for the request. */
  enter(payer: TenantId | null, response: Response): void {
    this.room.enter(payer, response);
  }

  /**
   * The upstream's answer: 200 or 206, with audio. Throws `recording-not-found`, also for a call that is unknown;
   * `range-not-satisfiable`; `unavailable` when its source does not send it.
   */
  async open(call: CallStanding | undefined, response: Response, patience: Patience): Promise<UpstreamAnswer> {
    if (!call?.recording?.exists) throw noRecording();
    const { headers } = response.req;
    const asked = rangeHeaders(headers.range, [headers['if-range']].flat()[0]);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const answer = await this.answerOf(call, asked, patience, gone.signal);
      return this.checked(answer, response);
    } catch (error) {
      if (error instanceof Problem || gone.signal.aborted || blameOf(error) === 'database') throw error;
      throw this.failed(error);
    }
  }

  /** Sends it. Whatever goes wrong from here on, the client sees that the answer is cut. */
  async send(answer: UpstreamAnswer, call: CallStanding, payer: TenantId | null, response: Response): Promise<void> {
    const stop = new AbortController();
    const key = callKey(call.tenantId, call.callId);
    const erasures = this.erased.erasures.subscribe((one) => {
      if (callKey(one.tenantId, one.callId) === key) stop.abort();
    });
    try {
      await passOn(answer, response, { charge: (bytes) => this.room.charge(payer, bytes), stop: stop.signal });
      recordingsServed.inc({ outcome: 'sent' });
    } catch (error) {
      recordingsServed.inc({ outcome: error instanceof BrokenOff ? 'broken' : 'gone' });
      response.destroy();
    } finally {
      erasures.unsubscribe();
    }
  }

  private async answerOf(
    call: CallStanding,
    asked: Record<string, string>,
    patience: Patience,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    const url = call.recording?.url ?? null;
    if (url !== null) {
      if (!(await this.inquiry.isFromSource(call, call.agent, patience))) throw noRecording();
      return this.elsewhere.open(url, asked, signal);
    }
    const upstream = await this.upstreams.of(call.callId, signal);
    // A tenant's own token may send a call with the id of another tenant's. The upstream's agent tells whose it is.
    if (upstream === undefined || !(await this.inquiry.isFromSource(call, upstream.agent, patience)))
      throw noRecording();
    const answer = await upstream.calls.recording(call.callId, asked, signal);
    const location = answer.header('location');
    if (!isRedirect(answer.status) || location === undefined) return answer;
    answer.body.destroy();
    return this.elsewhere.open(location, asked, signal, upstream.calls.origin);
  }

  private checked(answer: UpstreamAnswer, response: Response): UpstreamAnswer {
    const { status } = answer;
    if ((status === 200 || status === 206) && isAudio(answer)) return answer;
    answer.body.destroy();
    if (status === 204 || status === 404 || status === 410) {
      recordingsServed.inc({ outcome: 'none' });
      throw noRecording();
    }
    const range = contentRangeOf(answer);
    if (status === 416) {
      if (range !== undefined) response.setHeader('Content-Range', range);
      throw new Problem('range-not-satisfiable', 'The recording ends before the range that was asked for.');
    }
    const isKey = status === 401 || status === 403;
    this.log.warn(
      'refused',
      `a recording was refused with status ${status}${isKey ? ': may its key read calls?' : ''}`,
    );
    recordingsServed.inc({ outcome: isKey ? 'refused' : 'unavailable' });
    throw unavailable();
  }

  private failed(error: unknown): Problem {
    if (error instanceof UpstreamBusy) {
      recordingsServed.inc({ outcome: 'unavailable' });
      return unavailable(error.retryAfterMs);
    }
    const isForbidden = error instanceof PlaceNotAllowed;
    recordingsServed.inc({ outcome: isForbidden ? 'refused' : 'unavailable' });
    const words = isForbidden
      ? 'a recording lies at a host that RECORDING_HOSTS does not name'
      : `a recording cannot be read: ${error instanceof Error ? error.message : 'unknown'}`;
    this.log.warn(isForbidden ? 'host' : 'failed', words);
    return unavailable();
  }
}

/** The same whether the call is unknown, another tenant's, erased or not recorded. */
export function noRecording(): Problem {
  return new Problem('recording-not-found', 'There is no recording of a call of that id.');
}

function unavailable(retryAfterMs = RETRY_MS): Problem {
  return new Problem('unavailable', 'The recording cannot be had from its source now; try again.', {}, retryAfterMs);
}
