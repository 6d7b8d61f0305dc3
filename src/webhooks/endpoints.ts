/** The endpoints that this process serves. An endpoint that was changed is looked up again before its next use. */
import { Injectable } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { Collected } from '../common/collected.js';
import { Endpoint } from './endpoint.js';
import { type EndpointRow, WebhookStore } from './webhook-store.js';

/** Endpoints that are remembered. Any others are looked up again. */
const MAX_KNOWN = 20_000;
/** The announcement of a change may be lost. */
const MAX_AGE_MS = 5000;

interface Known {
  readonly endpoint: Endpoint;
  readonly at: number;
}

@Injectable()
export class Endpoints {
  private readonly known = new Map<string, Known>();
  private readonly rows: Collected<string, EndpointRow | null>;

  constructor(store: WebhookStore, bus: Bus) {
    this.rows = new Collected(async (ids) => {
      const rows = await store.endpoints(ids);
      return new Map(ids.map((id) => [id, rows.get(id) ?? null]));
    });
    bus.messages.subscribe((message) => {
      if (message.kind !== 'readers-changed') return;
      for (const [id, { endpoint }] of this.known)
        if (endpoint.row.tenantId === message.tenantId) this.known.delete(id);
    });
  }

  /** Undefined: it is gone. `isIdle`: nothing of it is under way, so an old one may be read anew. */
  async get(id: string, isIdle: boolean): Promise<Endpoint | undefined> {
    const known = this.known.get(id);
    const isFresh = known !== undefined && (!isIdle || performance.now() - known.at < MAX_AGE_MS);
    if (known !== undefined && (isFresh || known.endpoint.underWay.size > 0)) return known.endpoint;
    const row = await this.rows.get(id);
    if (row === null) {
      this.known.delete(id);
      return undefined;
    }
    const endpoint = new Endpoint(row);
    // Requests that were begun before go on.
    for (const seq of known?.endpoint.underWay ?? []) endpoint.underWay.add(seq);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(id, { endpoint, at: performance.now() });
    return endpoint;
  }

  current(id: string): Endpoint | undefined {
    return this.known.get(id)?.endpoint;
  }

  forget(id: string): void {
    this.known.delete(id);
  }
}
