/** One call of any customer in full: as it was kept, then every event that comes after, by the server's own reducer. */
import { type CallState, applyEvent } from '../../../calls/call-state.js';
import { type CallView, viewOf } from '../../../calls/call-view.js';
import { type LiveState, applyLive, liveStateOf } from '../../../calls/live-state.js';
import { stateOf } from '../../../calls/resume.js';
import { cookieClient } from '../api/client.js';
import { Fault, asFault } from '../api/problem.js';
import type { CallNaming } from '../live/live-calls.js';
import { type StreamFrame, atOf, callIdOf, isErasure, tenantOf } from '../stream/frame.js';
import { createStore } from '../ui/store.js';
import { path } from './platform.js';

export interface PlatformRecordState {
  readonly view: CallView | undefined;
  readonly live: LiveState;
  readonly fault: Fault | undefined;
}

/** A call that has just begun is kept a moment after it is heard of. */
const RETRY_MS = 500;
const MAX_RETRIES = 10;

type KeptCall = CallView & { readonly cursor: number };

export class PlatformRecord {
  readonly state = createStore<PlatformRecordState>({
    ...{ view: undefined, fault: undefined },
    live: liveStateOf('live'),
  });
  /** What comes while the call is read. */
  private waiting: StreamFrame[] = [];
  private call: CallState | undefined;
  private seq = 0;
  private readonly closing = new AbortController();
  private isTelling = false;

  constructor(
    readonly name: CallNaming,
    private live: LiveState,
  ) {}

  close(): void {
    this.closing.abort();
  }

  /** Reads what was kept; asked again where there was a fault. */
  async load(retries = MAX_RETRIES): Promise<void> {
    try {
      const { signal } = this.closing;
      const { tenant, callId } = this.name;
      const whose = tenant === null ? { unassigned: 'true' } : { tenant };
      const kept = await cookieClient.get<KeptCall>(path`/v1/admin/calls/${callId}`, whose, signal);
      this.call = stateOf(kept, kept.cursor);
      this.seq = kept.cursor;
      this.state.set({ ...this.state.get(), fault: undefined });
      const waiting = this.waiting;
      this.waiting = [];
      this.apply(waiting);
    } catch (error) {
      if (this.closing.signal.aborted) return;
      const fault = asFault(error);
      if (fault.slug === 'call-not-found' && retries > 0) setTimeout(() => void this.load(retries - 1), RETRY_MS);
      else this.state.set({ ...this.state.get(), fault });
    }
  }

  /** Frames of any calls. */
  apply(all: readonly StreamFrame[]): void {
    const { tenant, callId } = this.name;
    const frames = all.filter((frame) => callIdOf(frame) === callId && tenantOf(frame) === tenant);
    if (frames.some(isErasure)) this.forget();
    if (this.closing.signal.aborted) return;
    for (const frame of frames) this.live = applyLive(this.live, frame);
    if (this.call === undefined) {
      this.waiting.push(...frames);
      return;
    }
    for (const frame of frames) {
      if (frame.seq === null || frame.seq <= this.seq) continue;
      const event = { seq: frame.seq, type: frame.type, at: atOf(frame), data: frame.data };
      this.call = applyEvent(this.call, callId, event);
    }
    this.tellSoon();
  }

  private forget(): void {
    this.close();
    this.call = undefined;
    const fault = new Fault('call-not-found', 'The call was erased.');
    this.state.set({ ...this.state.get(), view: undefined, live: liveStateOf('ended'), fault });
  }

  private tellSoon(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    requestAnimationFrame(() => {
      this.isTelling = false;
      if (this.closing.signal.aborted || this.call === undefined) return;
      this.state.set({ ...this.state.get(), view: viewOf(this.call), live: this.live });
    });
  }
}
