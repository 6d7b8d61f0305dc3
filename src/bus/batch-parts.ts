/**
 * A batch on its way through a broker. Pure. Events are sent tenant by tenant, in parts that the broker accepts. An
 * announcement to everybody follows: which positions there are, and how many parts belong to them. A process that
 * follows none of these tenants moves its position on by the announcement alone. A process that lacks a part reads the
 * log.
 */
import type { BusEvent, BusMessage } from './bus.js';

export type Batch = Extract<BusMessage, { kind: 'appended' }>;

/** Some events of one tenant in a batch; `order` is each event's place in the batch. */
export interface Part {
  readonly kind: 'part';
  readonly first: number;
  readonly last: number;
  readonly tenantId: string | null;
  readonly part: number;
  readonly order: readonly number[];
  readonly events: readonly BusEvent[];
}

/** `parts`: how many parts each tenant in the batch has; null: they could not be sent. */
export interface Announcement {
  readonly kind: 'announced';
  readonly first: number;
  readonly last: number;
  readonly complete: boolean;
  readonly parts: readonly (readonly [tenantId: string | null, count: number | null])[];
}

export interface SplitBatch {
  /** Texts of parts, each for the followers of one tenant. */
  readonly carried: readonly { readonly tenantId: string | null; readonly text: string }[];
  /** Absent if the batch holds ephemeral events only: then each part stands alone. */
  readonly announcement: Announcement | undefined;
}

/** A generous bound on what a part holds besides its events: numbers and names. */
const ENVELOPE_BYTES = 512;

/** Texts of at most `maxBytes` bytes. A durable event that is longer makes its tenant's followers read the log. */
export function splitBatch(batch: Batch, maxBytes: number): SplitBatch {
  const { first, last, complete } = batch;
  const tenants = new Map<string | null, PartWriter>();
  for (const [index, event] of batch.events.entries()) {
    let writer = tenants.get(event.tenantId);
    if (writer === undefined) tenants.set(event.tenantId, (writer = new PartWriter(event.tenantId, batch, maxBytes)));
    writer.add(event, index);
  }
  const writers = [...tenants.values()];
  const carried = writers.flatMap((writer) => writer.end().map((text) => ({ tenantId: writer.tenantId, text })));
  if (first > last) return { carried, announcement: undefined };
  const parts = writers.map((writer) => [writer.tenantId, writer.count] as const);
  const announcement: Announcement = { kind: 'announced', first, last, complete, parts };
  const fits = Buffer.byteLength(JSON.stringify(announcement)) <= maxBytes - ENVELOPE_BYTES;
  return { carried, announcement: fits ? announcement : { ...announcement, complete: false, parts: [] } };
}

class PartWriter {
  private readonly finished: string[] = [];
  private events: string[] = [];
  private order: number[] = [];
  private bytes = 0;
  private lacks = false;

  constructor(
    readonly tenantId: string | null,
    private readonly batch: Batch,
    private readonly maxBytes: number,
  ) {}

  /** Added to the parts once the batch is complete. */
  get count(): number | null {
    return this.lacks ? null : this.finished.length;
  }

  end(): readonly string[] {
    this.finish();
    return this.finished;
  }

  add(event: BusEvent, index: number): void {
    const text = JSON.stringify(event);
    const bytes = Buffer.byteLength(text) + 12; // Includes its comma and its place in the order.
    if (bytes + ENVELOPE_BYTES > this.maxBytes) {
      this.lacks ||= !event.ephemeral;
      return;
    }
    if (this.bytes + bytes + ENVELOPE_BYTES > this.maxBytes) this.finish();
    this.events.push(text);
    this.order.push(index);
    this.bytes += bytes;
  }

  private finish(): void {
    if (this.events.length === 0) return;
    const { first, last } = this.batch;
    const head = { kind: 'part', first, last, tenantId: this.tenantId, part: this.finished.length, order: this.order };
    this.finished.push(`${JSON.stringify(head).slice(0, -1)},"events":[${this.events.join(',')}]}`);
    this.events = [];
    this.order = [];
    this.bytes = 0;
  }
}

/** Characters of parts that may wait for their announcement, which comes right behind them or never. */
const MAX_WAITING_LENGTH = 16 * 1024 * 1024;

/** Reassembles batches that other processes sent. */
export class BatchAssembler {
  private readonly waiting = new Map<string, { parts: Map<string, Part>; length: number }>();
  private length = 0;

  /** Keeps a part until its announcement. A part that stands alone is returned at once. */
  take(from: string, part: Part, length: number): Batch | undefined {
    const { first, last, events } = part;
    if (first > last) return { kind: 'appended', first, last, complete: true, events };
    const key = `${from} ${first} ${last}`;
    const batch = this.waiting.get(key) ?? { parts: new Map<string, Part>(), length: 0 };
    const name = `${part.tenantId ?? ''} ${part.part}`;
    if (batch.parts.has(name)) return undefined;
    batch.parts.set(name, part);
    batch.length += length;
    this.length += length;
    this.waiting.set(key, batch);
    for (const oldest of this.waiting.keys()) {
      if (this.length <= MAX_WAITING_LENGTH) break;
      this.drop(oldest);
    }
    return undefined;
  }

  /** The batch as this process needs it: events of tenants that it follows; `complete` if none of them is missing. */
  announced(
    from: string,
    { first, last, complete, parts }: Announcement,
    follows: (tenantId: string | null) => boolean,
  ): Batch {
    const key = `${from} ${first} ${last}`;
    const kept = this.waiting.get(key)?.parts;
    this.drop(key);
    const wanted = parts.filter(([tenantId]) => follows(tenantId));
    const expected = wanted.map(([tenantId, count]) => names(tenantId, count));
    const found = expected.flatMap((one) => one?.map((name) => kept?.get(name)) ?? [undefined]);
    const placed = found.flatMap(
      (part) => part?.events.map((event, at) => ({ event, order: part.order[at] ?? 0 })) ?? [],
    );
    const events = placed.sort((one, other) => one.order - other.order).map(({ event }) => event);
    return { kind: 'appended', first, last, complete: complete && !found.includes(undefined), events };
  }

  private drop(key: string): void {
    this.length -= this.waiting.get(key)?.length ?? 0;
    this.waiting.delete(key);
  }
}

function names(tenantId: string | null, count: number | null): string[] | undefined {
  return count === null ? undefined : Array.from({ length: count }, (_, part) => `${tenantId ?? ''} ${part}`);
}
