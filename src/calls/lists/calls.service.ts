import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { Collected } from '../../common/collected.js';
import type { Patience } from '../../common/fair-slots.js';
import type { CallId, TenantId } from '../../common/ids.js';
import { moment } from '../../common/moment.js';
import { Listing } from '../../common/page.js';
import { ENV, type Env } from '../../config/env.js';
import type { FoundLine, ListedCall } from './call-listing.js';
import { LISTINGS, keyOf } from './call-cursors.js';
import { CallReader, type Listed, type ReadCall } from './call-reader.js';
import { type CallFilter, type PartCursor, type PlatformCallFilter, lifetimeAt } from './call-query.js';
import { MAX_KEY } from '../projection/call-row.js';
import { CallStore } from '../projection/call-store.js';
import { type Bill, costOf } from '../fold/bill.js';
import { type CallSummary, type CallView, asLostAfter, summaryOf, viewOf } from '../fold/call-view.js';
import { CallsProjection } from '../projection/calls.projection.js';
import type { SearchQuery } from '../search/search-query.js';
import { type Snippet, snippetOf } from '../search/snippet.js';
import { type Whose, noSuchCall } from './whose.js';

/** Longest wait for what was ingested before a request. After it, the request is answered from what is there. */
const MAX_WAIT_MS = 250;
/** With more events than this to be taken in, waiting would be in vain. The answer's cursor says how far it goes. */
const FAR = 1000;
const LOOK_AGAIN_MS = 5;
/** A page's place in a call's messages and tools: the oldest part that it has. */
const PARTS = new Listing(
  'parts',
  z.tuple([
    z.int().min(0),
    z
      .string()
      .max(MAX_KEY)
      .regex(/^[^\0]*$/),
  ]),
  {
    parameter: 'before',
    answeredAs: 'earlier',
  },
);

/** The first line that a search found: who said it, when, and where in the call (`seq` as in the transcript). */
interface FoundSnippet extends Snippet {
  readonly role: 'user' | 'bot';
  readonly at: string;
  readonly messageId: string | null;
  readonly seq: number;
}

/** `snippet` is present with a search; null if the caller matched. */
export type FoundCall = CallSummary & { readonly snippet?: FoundSnippet | null };

interface Page<Call> {
  readonly calls: readonly Call[];
  readonly next: string | null;
  /** Present if a search has not ended: it has looked at the calls that began since then; `next` goes on. */
  readonly searchedSince?: string;
  /** Everything up to this number is included: a stream that begins after it misses nothing. */
  readonly cursor: number;
}

/** A call with a page of its transcript and of its tools. */
export interface CallPage extends CallView {
  /** With this as `?before=` one gets the page before this one; null: there is none. */
  readonly earlier: string | null;
  /** As in a list. */
  readonly cursor: number;
}

interface PlatformFacts {
  readonly tenant: TenantId | null;
  /**
   * What upstream says that the call cost: the operator's bill, which is never shown to a tenant. Null: upstream does
   * not say.
   */
  readonly cost: Bill | null;
  /** No further event of the call is taken in, because one of its events ended the process that did so. */
  readonly quarantined?: true;
}

export interface CallsProgress {
  readonly state: 'up' | 'rebuilding';
  readonly behind: number;
  /** Calls whose events are not taken in until the next rebuild. */
  readonly quarantined?: number;
  readonly percent?: number;
}

@Injectable()
export class CallsService {
  /** However many requests ask how far the projection is, the database is asked once at a time. */
  private readonly looks = new Collected(async (keys: readonly 'progress'[]) => {
    const progress = await this.store.progress();
    return new Map(keys.map((key) => [key, progress]));
  });

  constructor(
    private readonly reader: CallReader,
    private readonly store: CallStore,
    private readonly projection: CallsProjection,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** The tenant's calls, newest first. Throws `validation` for a cursor that makes no sense. */
  async list(
    tenantId: TenantId,
    filter: CallFilter,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<Page<FoundCall>> {
    const from = LISTINGS[filter.sort].after(cursor, tenantId) ?? null;
    await this.settle();
    const now = moment().getTime();
    const lifetime = lifetimeAt(now, this.env.callMaxSilenceMs);
    const listed = await this.reader.list(tenantId, filter, { lifetime, cursor: from, limit }, patience);
    return pageOf(listed, filter.sort, tenantId, (call) => this.summary(call, filter.search, now));
  }

  async listAcrossTenants(
    filter: PlatformCallFilter,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<Page<FoundCall & { readonly tenant: TenantId | null }>> {
    const from = LISTINGS[filter.sort].after(cursor, null) ?? null;
    await this.settle();
    const now = moment().getTime();
    const lifetime = lifetimeAt(now, this.env.callMaxSilenceMs);
    const listed = await this.reader.listAcrossTenants(filter, { lifetime, cursor: from, limit }, patience);
    return pageOf(listed, filter.sort, null, (call) => ({
      ...this.summary(call, filter.search, now),
      tenant: call.tenantId,
    }));
  }

  /** One of the tenant's calls with a page of its transcript, the newest by default. Throws `call-not-found`. */
  async get(tenantId: TenantId, callId: CallId, before: string | undefined, patience: Patience): Promise<CallPage> {
    const owner = partsOwner(tenantId, callId);
    const end = endIn(before, owner);
    await this.settle();
    return this.view(await this.reader.read(tenantId, callId, end, patience), owner);
  }

  /** Throws `call-not-found`, and `validation` when several tenants have a call of that id. */
  async getAcrossTenants(
    callId: CallId,
    whose: Whose,
    before: string | undefined,
    patience: Patience,
  ): Promise<CallPage & PlatformFacts> {
    const owner = partsOwner(null, callId);
    const end = endIn(before, owner);
    await this.settle();
    const call = await this.reader.readAcrossTenants(callId, whose, end, patience);
    return {
      ...this.view(call, owner),
      tenant: call?.tenantId ?? null,
      cost: call === undefined ? null : costOf(call.state.measures.bills),
      ...(call?.quarantined && { quarantined: true }),
    };
  }

  /** For everybody: how many events the projection is behind the log, and how much of a rebuild is done. */
  async progress(): Promise<CallsProgress> {
    const { position, head, rebuild, quarantined } = await this.store.progress();
    const known = { behind: head - position, ...(quarantined > 0 && { quarantined }) };
    if (rebuild === null) return { state: 'up', ...known };
    return {
      state: 'rebuilding',
      ...known,
      percent: Math.min(99, Math.floor((100 * rebuild.done) / (rebuild.total || 1))),
    };
  }

  /**
   * Resolves when what was committed before this request is in the projection, or after a bounded wait. At once when
   * the projection is far behind.
   */
  async settle(): Promise<void> {
    const deadline = performance.now() + MAX_WAIT_MS;
    const { position, head } = await this.looks.get('progress');
    if (head - position > FAR) return;
    for (
      let read = position;
      read < head && performance.now() < deadline;
      read = (await this.looks.get('progress')).position
    ) {
      this.projection.wake();
      await wait(LOOK_AGAIN_MS);
    }
  }

  private summary({ head, line }: ListedCall, search: SearchQuery | null, now: number): FoundCall {
    const summary = asLostAfter(summaryOf(head), head.last.value, now, this.env.callMaxSilenceMs);
    return search === null ? summary : { ...summary, snippet: snippetIn(line, search) };
  }

  private view(call: ReadCall | undefined, owner: string): CallPage {
    if (call === undefined) throw noSuchCall();
    const { state, cursor, earlier } = call;
    const view = asLostAfter(viewOf(state), state.last.value, moment().getTime(), this.env.callMaxSilenceMs);
    return { ...view, earlier: earlier && PARTS.cursor(owner, [earlier.seq, earlier.key]), cursor };
  }
}

function pageOf<Call>(
  { calls, last, searchedSince, cursor }: Listed,
  sort: CallFilter['sort'],
  owner: TenantId | null,
  viewOfOne: (call: ListedCall) => Call,
): Page<Call> {
  const next = last === null ? null : LISTINGS[sort].cursor(owner, keyOf(last));
  const since = searchedSince === null ? {} : { searchedSince: searchedSince.toISOString() };
  return { calls: calls.map(viewOfOne), next, ...since, cursor };
}

function snippetIn(line: FoundLine | null, search: SearchQuery): FoundSnippet | null {
  const snippet = line === null ? null : snippetOf(line.text, search);
  if (line === null || snippet === null) return null;
  const { role, id: messageId, first } = line.message;
  return { ...snippet, role, at: first.value, messageId, seq: first.seq };
}

/** To whom a cursor of a call's parts belongs: a cursor of the operator's pages is not valid for the tenant. */
function partsOwner(tenantId: TenantId | null, callId: CallId): string {
  return `${tenantId ?? ''} ${callId}`;
}

function endIn(before: string | undefined, owner: string): PartCursor | null {
  const [seq, key] = PARTS.after(before, owner) ?? [];
  return seq === undefined || key === undefined ? null : { seq, key };
}
