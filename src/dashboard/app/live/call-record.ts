/**
 * One call in full: its log from the start, page by page, and what comes meanwhile, put through the reducer that the server
 * uses. The reducer takes events in any order and more than once, so there is no seam between log and stream.
 */
import { applyEvent, type CallState } from '../../../calls/call-state.js';
import type { CallEvent } from '../../../calls/call-event.js';
import { type CallView, viewOf } from '../../../calls/call-view.js';
import type { Client } from '../api/client.js';
import { Fault, asFault } from '../api/problem.js';
import { atOf, isErasure, type StreamFrame } from '../stream/frame.js';
import { createStore } from '../ui/store.js';
import { type LiveState, applyLive, liveStateOf } from '../../../calls/live-state.js';

export interface CallRecordState {
  readonly view: CallView | undefined;
  readonly live: LiveState;
  /** True when the whole log has been read. */
  readonly isComplete: boolean;
  readonly fault: Fault | undefined;
  /** In order, each once. */
  readonly events: readonly CallEvent[];
}

interface LogPage {
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly at: string;
    readonly data: CallEvent['data'];
  }[];
  readonly next: string;
  readonly live: boolean;
}

const PAGE = 500;

export class CallRecord {
  readonly state = createStore<CallRecordState>({
    view: undefined,
    live: liveStateOf('live'),
    isComplete: false,
    fault: undefined,
    events: [],
  });
  private call: CallState | undefined;
  private readonly events = new Map<number, CallEvent>();
  private readonly closing = new AbortController();
  private isTelling = false;

  constructor(
    private readonly client: Client,
    readonly callId: string,
    private live: LiveState = liveStateOf('live'),
  ) {}

  close(): void {
    this.closing.abort();
  }

  /** Reads the log from its start, as often as it is asked to. */
  async load(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.state.set({ ...this.state.get(), fault: undefined });
    try {
      for (let after = '0'; ;) {
        const query = { call: this.callId, after, limit: PAGE };
        const page = await this.client.get<LogPage>('/v1/log', query, this.closing.signal);
        for (const { id, type, at, data } of page.events) this.take({ seq: Number(id), type, at, data });
        after = page.next;
        if (page.live) break;
      }
      this.tell(true);
    } catch (error) {
      if (!this.closing.signal.aborted) this.state.set({ ...this.state.get(), fault: asFault(error) });
    }
  }

  /** Frames of this call. */
  apply(frames: readonly StreamFrame[]): void {
    if (frames.some(isErasure)) this.forget();
    if (this.closing.signal.aborted) return;
    for (const frame of frames) {
      this.live = applyLive(this.live, frame);
      if (frame.seq !== null) this.take({ seq: frame.seq, type: frame.type, at: atOf(frame), data: frame.data });
    }
    if (this.isTelling) return;
    this.isTelling = true;
    requestAnimationFrame(() => {
      this.isTelling = false;
      if (!this.closing.signal.aborted) this.tell(this.state.get().isComplete);
    });
  }

  private forget(): void {
    this.close();
    this.call = undefined;
    this.events.clear();
    const fault = new Fault('call-not-found', 'The call was erased.');
    this.state.set({ ...this.state.get(), view: undefined, events: [], live: liveStateOf('ended'), fault });
  }

  private take(event: CallEvent): void {
    if (this.events.has(event.seq)) return;
    this.events.set(event.seq, event);
    this.call = applyEvent(this.call, this.callId, event);
  }

  private tell(isComplete: boolean): void {
    const known = this.state.get();
    const isSame = known.events.length === this.events.size;
    const events = isSame ? known.events : [...this.events.values()].sort((one, other) => one.seq - other.seq);
    const view = isSame || this.call === undefined ? known.view : viewOf(this.call);
    this.state.set({ ...known, view, live: this.live, isComplete, events });
  }
}
