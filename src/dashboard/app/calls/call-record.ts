/**
 * One call in full: its newest page as the server has kept it, then every later event, in order, by the reducer that
 * the server uses; earlier pages on request.
 */
import { type Bill, costOf } from '../../../calls/fold/bill.js';
import { type CallState, applyEvent } from '../../../calls/fold/call-state.js';
import { type CallView, viewOf } from '../../../calls/fold/call-view.js';
import { type LiveState, applyLive, liveStateOf } from '../../../calls/fold/live-state.js';
import { stateOf, withEarlier } from '../../../calls/fold/resume.js';
import type { Client, Query } from '../api/client.js';
import { Fault, asFault } from '../api/problem.js';
import { type StreamFrame, atOf, callIdOf, isErasure, tenantOf } from '../stream/frame.js';
import { createStore } from '../common/store.js';
import { logOf } from './call-log.js';

export interface CallRecordState {
  readonly view: CallView | undefined;
  readonly live: LiveState;
  /** Whose it is, where the operator looks. */
  readonly tenant: string | null;
  /** Where the page before the loaded ones ends; null: all is loaded. */
  readonly earlier: string | null;
  /** What upstream bills; null: it does not say; undefined: only the operator is told. */
  readonly cost: Bill | null | undefined;
  readonly fault: Fault | undefined;
}

/** Where a call is read. */
export interface CallPlace {
  readonly client: Client;
  /** `/v1/calls/{call}`, or the operator's. */
  readonly path: string;
  /** Names the tenant if calls of several tenants may have the same id; nothing if the stream is one tenant's. */
  readonly query?: Query;
  readonly tenant?: string | null;
  /** Its customer's log can be read, too: it has what the server has not kept yet. */
  readonly hasLog: boolean;
}

type KeptCall = CallView & {
  readonly tenant?: string | null;
  readonly earlier: string | null;
  readonly cursor: number;
  readonly cost?: Bill | null;
};

/** A new call is kept a moment after it is announced. */
const RETRY_MS = 500;
const MAX_RETRIES = 10;

export class CallRecord {
  readonly state = createStore<CallRecordState>({
    view: undefined,
    tenant: null,
    earlier: null,
    cost: undefined,
    fault: undefined,
    live: liveStateOf('live'),
  });
  /** Frames that arrive while the call is read. */
  private waiting: StreamFrame[] = [];
  private call: CallState | undefined;
  private seq = 0;
  private live: LiveState;
  private readonly closing = new AbortController();
  /** Of the newest page, while it is read. */
  private reading: AbortController | undefined;
  private isTelling = false;

  constructor(
    readonly place: CallPlace,
    readonly callId: string,
    /** As a list shows it; undefined: it is new. */
    private readonly known?: LiveState,
  ) {
    this.live = known ?? liveStateOf('live');
  }

  close(): void {
    this.closing.abort();
    this.reading?.abort();
  }

  /** Reads the kept call; repeated after a fault. A reading that is under way is given up. */
  async load(retries = this.known === undefined ? 0 : MAX_RETRIES): Promise<void> {
    const { client, path, query, hasLog } = this.place;
    if (this.closing.signal.aborted) return;
    this.reading?.abort();
    this.reading = new AbortController();
    const { signal } = this.reading;
    this.call = undefined;
    try {
      const kept = await client.get<KeptCall>(path, query, signal);
      let call = stateOf(kept, kept.cursor);
      this.seq = kept.cursor;
      if (hasLog)
        for await (const event of logOf(client, this.callId, kept.cursor, signal)) {
          call = applyEvent(call, this.callId, event);
          this.seq = event.seq;
        }
      this.call = call;
      this.state.set({ ...this.state.get(), tenant: kept.tenant ?? null, earlier: kept.earlier, fault: undefined });
      const waiting = this.waiting;
      this.waiting = [];
      this.takeAll(waiting);
      this.tellSoon();
    } catch (error) {
      if (signal.aborted) return;
      const fault = asFault(error);
      if (fault.slug === 'call-not-found' && retries > 0) setTimeout(() => void this.load(retries - 1), RETRY_MS);
      else this.state.set({ ...this.state.get(), fault });
    }
  }

  /** After a fault that has passed, or in place of a reading whose connection may be dead. */
  recover(): void {
    const { fault } = this.state.get();
    if (fault === undefined ? this.call === undefined : fault.slug !== 'call-not-found') void this.load();
  }

  /** Reads the page before what is here. */
  async showEarlier(): Promise<void> {
    const before = this.state.get().earlier;
    if (before === null) return;
    try {
      const { client, path, query } = this.place;
      const page = await client.get<KeptCall>(path, { ...query, before }, this.closing.signal);
      if (this.call === undefined || this.state.get().earlier !== before) return;
      this.call = withEarlier(this.call, page, page.cursor);
      this.state.set({ ...this.state.get(), earlier: page.earlier });
      this.tellSoon();
    } catch (error) {
      if (!this.closing.signal.aborted) this.state.set({ ...this.state.get(), fault: asFault(error) });
    }
  }

  /** Frames of any calls. */
  apply(all: readonly StreamFrame[]): void {
    const { tenant } = this.place;
    const frames = all.filter(
      (frame) => callIdOf(frame) === this.callId && (tenant === undefined || tenantOf(frame) === tenant),
    );
    if (frames.length === 0) return;
    if (frames.some(isErasure)) this.forget();
    if (this.closing.signal.aborted) return;
    for (const frame of frames) this.live = applyLive(this.live, frame);
    if (this.call === undefined) this.waiting.push(...frames);
    else this.takeAll(frames);
    this.tellSoon();
  }

  private takeAll(frames: readonly StreamFrame[]): void {
    for (const frame of frames) {
      if (this.call === undefined || frame.seq === null || frame.seq <= this.seq) continue;
      const event = { seq: frame.seq, type: frame.type, at: atOf(frame), data: frame.data };
      const { parts } = this.call;
      this.call = applyEvent(this.call, this.callId, event);
      this.seq = frame.seq;
      // The event refers to a message by a number that only the server knows.
      if (frame.type === 'bot.corrected' && this.call.parts === parts && !this.call.truncated) void this.load();
    }
  }

  private forget(): void {
    this.close();
    this.call = undefined;
    const fault = new Fault('call-not-found', 'The call was erased.');
    this.state.set({ ...this.state.get(), view: undefined, cost: undefined, live: liveStateOf('ended'), fault });
  }

  private tellSoon(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    requestAnimationFrame(() => {
      this.isTelling = false;
      if (this.closing.signal.aborted) return;
      const view = this.call === undefined ? this.state.get().view : viewOf(this.call);
      const cost = this.call && !this.place.hasLog ? costOf(this.call.measures.bills) : undefined;
      this.state.set({ ...this.state.get(), view, live: this.live, cost });
    });
  }
}
