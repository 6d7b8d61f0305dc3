/**
 * A reader of the property test: it comes and goes, and what it got over all its connections is held against the model.
 */
import type { Frame, StreamReader } from '../stream-reader.js';
import type { Model, ModelEvent } from './model.js';

/** How a reader comes in; `tokenId`: what ends it when it is revoked. */
export interface Access {
  readonly path: string;
  readonly token: string;
  readonly tokenId: string;
}

export interface ReaderScope {
  /** Null: an admin. */
  readonly tenant: string | null;
  readonly wants: (event: ModelEvent) => boolean;
  readonly label: string;
}

const OWN = ['connected', 'log.caught_up', 'agents.changed', 'token.expiring', 'stream.closing', 'log.gap'];

export class WorldReader {
  connection: StreamReader | undefined;
  private readonly past: StreamReader[] = [];
  private start: number | undefined;

  constructor(
    readonly scope: ReaderScope,
    public access: Access,
  ) {}

  /** The last durable id over all connections. */
  get cursor(): string | undefined {
    return this.frames.findLast(({ id }) => id !== undefined)?.id;
  }

  attach(connection: StreamReader): void {
    this.connection = connection;
    this.past.push(connection);
  }

  detach(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  get raw(): string {
    return this.past.map(({ raw }) => raw).join('');
  }

  get frames(): Frame[] {
    return this.past.flatMap(({ frames }) => frames);
  }

  /** What it got of the log, in order. */
  get received(): { number: number; type: string; text: unknown; tenant: unknown }[] {
    return this.frames
      .filter(({ type, id }) => id !== undefined && !OWN.includes(type))
      .map(({ id, type, data }) => ({ number: Number(id), type, text: data['text'], tenant: data['tenant'] }));
  }

  /** What it must have got. */
  expected(model: Model): { number: number; type: string; text: unknown; tenant: unknown }[] {
    this.start ??= Number(this.frames.find(({ type }) => type === 'connected')?.id ?? NaN);
    const start = this.start;
    const { tenant, wants } = this.scope;
    return model.events
      .filter((event) => (tenant === null || event.tenant === tenant) && wants(event))
      .map(({ position, seq, type, text, tenant: of }) => ({
        number: tenant === null ? position : (seq ?? 0),
        type,
        text,
        tenant: tenant === null ? of : undefined,
      }))
      .filter(({ number }) => number > start);
  }
}
