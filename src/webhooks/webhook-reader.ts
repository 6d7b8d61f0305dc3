/**
 * Endpoints as durable readers of their tenants' logs. What is stored is a cursor, and the events that wait for another
 * attempt. A page's events are sent in order within each call; calls are sent side by side. An event that is not
 * answered within a second waits, like one that failed, and its call waits behind it. So the cursor goes on, and a slow
 * or dead endpoint holds back only its own calls.
 */
import { Injectable } from '@nestjs/common';
import { pause } from '../common/waiting.js';
import type { Run } from '../database/pg-pool.js';
import { CallStore } from '../calls/projection/call-store.js';
import type { CallId, TenantId } from '../common/ids.js';
import { momentIn } from '../common/moment.js';
import type { LoggedEvent } from '../events/log/event.js';
import { LogReaders } from '../readers/log-readers.js';
import type { ReaderKind, ReaderPage, Taken, Written } from '../readers/reader-kind.js';
import { shardOf } from '../readers/reader-shards.js';
import { Deliveries } from './deliveries.js';
import { type Endpoint, WEBHOOK } from './endpoint.js';
import { Endpoints } from './endpoints.js';
import { type Attempt, Sender } from './sender.js';
import { type Report, type WaitingRow, WebhookStore } from './webhook-store.js';

/** How long a page waits for answers before the cursor goes on without them. */
const STEP_MS = 1000;
/** When to look again at an endpoint that has as many waiting events as it may have. */
const FULL_MS = 5000;
/** When to look again at a call that has ended and that the projection does not know yet. */
const PROJECTION_MS = 100;

type Seq = number;

/** One page on its way to one endpoint. */
class Step {
  readonly attempts: Attempt[] = [];
  readonly held: WaitingRow[] = [];
  readonly begun = new Set<Seq>();
  readonly ended = new Set<Seq>();
  /** The cursor goes on. Requests that are still under way are told that their events wait. */
  isOver = false;
  /** Whether the page's results were written. After that, waiting events can be reported on. */
  readonly written: Promise<boolean>;
  tellWritten: (isWritten: boolean) => void = () => undefined;

  constructor(
    readonly endpoint: Endpoint,
    readonly page: ReaderPage,
  ) {
    this.written = new Promise((resolve) => (this.tellWritten = resolve));
  }

  hold({ seq, callId }: LoggedEvent, previous: Seq | null, tries: number, nextAt: Date | null): void {
    const { id, row, heldCalls } = this.endpoint;
    const tenantId: TenantId = row.tenantId;
    this.held.push({
      webhookId: id,
      tenantId,
      shard: shardOf(tenantId),
      seq: seq ?? 0,
      callId,
      previous,
      tries,
      nextAt,
    });
    this.endpoint.waiting += 1;
    if (callId !== null) heldCalls.add(callId);
  }
}

@Injectable()
export class WebhookReader implements ReaderKind<Report> {
  readonly kind = WEBHOOK;
  /** Endpoints whose last page may not have been committed. What is remembered of them may be wrong. */
  private readonly uncommitted = new Map<string, Step>();

  constructor(
    readers: LogReaders,
    private readonly endpoints: Endpoints,
    private readonly sender: Sender,
    private readonly store: WebhookStore,
    private readonly deliveries: Deliveries,
    private readonly calls: CallStore,
  ) {
    readers.register(this);
  }

  async take(page: ReaderPage): Promise<Taken<Report>> {
    this.giveUp(page.name);
    const endpoint = await this.endpoints.get(page.name, true);
    if (endpoint === undefined || endpoint.row.status !== 'active') return { effect: undefined, reached: page.reached };
    if (endpoint.isDoomed || !endpoint.hasRoom) {
      if (!endpoint.isDoomed) this.endpoints.forget(page.name); // How much waits is counted anew.
      return { effect: undefined, reached: page.after, restMs: FULL_MS };
    }
    const wanted = page.events.filter((event) => endpoint.wants(event) && !endpoint.ahead.has(event.seq ?? 0));
    if (wanted.length === 0) return this.pass(endpoint, page);
    const known = await this.known(endpoint, wanted);
    return known.length === 0
      ? { effect: undefined, reached: before(wanted[0]), restMs: PROJECTION_MS }
      : this.send(endpoint, page, endpoint.isDown ? known.slice(0, 1) : known, wanted);
  }

  async write(run: Run, written: readonly Written<Report>[]): Promise<void> {
    await this.store.write(run, written.map(({ effect }) => effect)); // prettier-ignore
  }

  committed(written: readonly Written<Report>[]): void {
    for (const { name, effect } of written) {
      this.uncommitted.get(name)?.tellWritten(true);
      this.uncommitted.delete(name);
      const endpoint = this.endpoints.current(name);
      for (const { callId } of effect.held) if (callId !== null) endpoint?.heldCalls.add(callId);
      void this.deliveries.after(effect);
    }
  }

  lost(name: string): void {
    this.giveUp(name);
  }

  /** The results of the page before were not written, so what is remembered of the endpoint may be wrong. */
  private giveUp(webhookId: string): void {
    const step = this.uncommitted.get(webhookId);
    if (step === undefined) return;
    step.tellWritten(false);
    this.uncommitted.delete(webhookId);
    this.endpoints.forget(webhookId);
  }

  private pass(endpoint: Endpoint, page: ReaderPage): Taken<Report> {
    endpoint.ahead.clear();
    return { effect: undefined, reached: page.reached };
  }

  /** Those of the ended calls that the projection has taken in. */
  private async known(endpoint: Endpoint, wanted: readonly LoggedEvent[]): Promise<readonly LoggedEvent[]> {
    if (endpoint.row.each === 'event') return wanted;
    const { position } = await this.calls.progress();
    const late = wanted.findIndex((event) => event.position > position);
    return late < 0 ? wanted : wanted.slice(0, late);
  }

  private async send(
    endpoint: Endpoint,
    page: ReaderPage,
    events: readonly LoggedEvent[],
    wanted: readonly LoggedEvent[],
  ): Promise<Taken<Report>> {
    const step = new Step(endpoint, page);
    this.uncommitted.set(endpoint.id, step);
    const chains = new Map<CallId | Seq, Promise<void>>();
    let previous = endpoint.lastSent;
    for (const event of events) {
      const key = event.callId ?? event.seq ?? 0;
      const before = previous;
      const chain = (chains.get(key) ?? Promise.resolve()).then(() => this.sendOne(step, event, before));
      chains.set(key, chain);
      previous = event.seq;
    }
    const all = Promise.all(chains.values());
    all.catch(() => undefined); // Aborted: nothing of it counts; told below.
    await Promise.race([all, pause(STEP_MS, page.until)]);
    page.until.throwIfAborted();
    step.isOver = true;
    return this.sum(step, events, wanted);
  }

  private async sendOne(step: Step, event: LoggedEvent, previous: Seq | null): Promise<void> {
    const { endpoint, page } = step;
    const seq = event.seq ?? 0;
    if (step.isOver || endpoint.isDoomed) return;
    if (event.callId !== null && endpoint.heldCalls.has(event.callId)) {
      step.begun.add(seq);
      step.ended.add(seq);
      if (endpoint.hasRoom) step.hold(event, previous, 0, null);
      else step.begun.delete(seq);
      return;
    }
    step.begun.add(seq);
    endpoint.underWay.add(seq);
    try {
      const attempt = await this.sender.attempt(endpoint, () => Promise.resolve(event), previous, 0, page.until);
      if (step.isOver) {
        if (await step.written) await this.deliveries.settle(endpoint, event, attempt, 0);
        return;
      }
      step.ended.add(seq);
      if (attempt === undefined) return;
      step.attempts.push(attempt);
      if (!attempt.row.isDelivered) step.hold(event, previous, 1, attempt.againAt ?? null);
    } finally {
      endpoint.underWay.delete(seq);
    }
  }

  /** Where the cursor goes, and what waits behind or beyond it. */
  private sum(step: Step, events: readonly LoggedEvent[], wanted: readonly LoggedEvent[]): Taken<Report> {
    const { endpoint, page, begun, ended } = step;
    let previous = endpoint.lastSent;
    for (const event of events) {
      const seq = event.seq ?? 0;
      // The event is under way, and its result is told later. Until then it waits, so that a death in between loses
      // nothing.
      if (begun.has(seq) && !ended.has(seq)) step.hold(event, previous, 0, momentIn(0));
      previous = event.seq;
    }
    const open = wanted.find(({ seq }) => !begun.has(seq ?? 0));
    const reached = open === undefined ? page.reached : before(open);
    for (const seq of endpoint.ahead) if (seq <= reached) endpoint.ahead.delete(seq);
    for (const seq of begun) if (seq > reached) endpoint.ahead.add(seq);
    const last = events.findLast(({ seq }) => begun.has(seq ?? 0));
    endpoint.lastSent = last?.seq ?? endpoint.lastSent;
    const { id: webhookId, failures } = endpoint;
    const attempts = step.attempts.map(({ row }) => row);
    const report = {
      webhookId,
      attempts,
      held: step.held,
      again: [],
      done: [],
      lastSent: endpoint.lastSent ?? undefined,
      failures,
      doom: step.attempts.find(({ doom }) => doom)?.doom,
      hasRecovered: step.attempts.some((attempt) => attempt.hasRecovered),
    };
    return { effect: report, reached, restMs: endpoint.isDown && open !== undefined ? endpoint.paceMs : undefined };
  }
}

function before(event: LoggedEvent | undefined): Seq {
  return (event?.seq ?? 1) - 1;
}
