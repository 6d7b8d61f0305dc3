/** The doors of the gateway's double: who may, what is answered, and how a stream is written. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { record, steer } from './pinecall2-desk.js';
import type { Gateway } from './pinecall2-gateway.js';
import { OPS_KEY } from './pinecall2-gateway.js';
import type { CallLog, WireEntry } from './pinecall2-log.js';

export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An answer, of either HTTP. */
export class Reply {
  isOver = false;

  constructor(
    readonly response: ServerResponse,
    private readonly pieceBytes: () => number | undefined,
  ) {
    response.once('close', () => (this.isOver = true));
  }

  get writableLength(): number {
    return this.response.writableLength;
  }

  onClose(then: () => void): void {
    this.response.once('close', then);
  }

  json(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.response.writeHead(status, { 'content-type': 'application/json', date: new Date().toUTCString(), ...headers });
    this.response.end(status === 204 ? undefined : JSON.stringify(body));
  }

  stream(): void {
    this.response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.write('retry: 1000\n\n: ping\n\n');
  }

  /** One frame; `entry` names it where the data is more than that. */
  frame(data: unknown, entry: WireEntry = data as WireEntry): void {
    const text = JSON.stringify(data).replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`); // prettier-ignore
    this.write(`id: ${entry.seq}\nevent: ${entry.type}\ndata: ${text}\n\n`);
  }

  end(): void {
    this.isOver = true;
    this.response.end();
  }

  private write(text: string): void {
    if (this.isOver) return;
    const size = this.pieceBytes() ?? text.length;
    for (let at = 0; at < text.length; at += size) this.response.write(text.slice(at, at + size));
  }
}

export function respond(gateway: Gateway, request: Request, reply: Reply): void {
  const { url, headers } = request;
  gateway.requests.push(url.pathname + url.search);
  const refused = refusalOf(gateway, request);
  gateway.statuses.push(refused ?? 200);
  if (refused === 429 && gateway.retryAfter !== undefined)
    return reply.json(429, { detail: 'Slow down.' }, { 'retry-after': gateway.retryAfter });
  if (refused !== undefined) return reply.json(refused, { detail: 'No.' });
  const asStream = headers.accept?.includes('text/event-stream') === true;
  if (url.pathname === '/v1/events') return open(gateway.floors, reply);
  if (url.pathname === '/v1/ops/events') return open(gateway.opsFloors, reply);
  if (url.pathname === '/v1/sessions') return list(gateway, url, reply);
  if (/^\/v1\/(ops\/)?usage$/.test(url.pathname)) return usage(gateway, url, reply);
  const [, encoded = '', door] = /^\/v1\/calls\/([^/]+)\/(events|recording|verbs)$/.exec(url.pathname) ?? [];
  const log = gateway.logs.get(decodeURIComponent(encoded));
  if (!log) return reply.json(404, { detail: 'No such call.' });
  if (door !== 'events') gateway.keysSeen.push(headers.authorization ?? '');
  if (door === 'verbs') return steer(gateway, log, request, reply);
  if (door === 'recording') return record(gateway, log, request, reply);
  const after = Math.max(Number(url.searchParams.get('after') ?? 0), Number(headers['last-event-id'] ?? 0));
  if (log.isSealed && after >= log.lastSeq) return reply.json(204, undefined);
  if (asStream) tail(gateway, log, after, reply);
  else page(gateway, log, after, reply);
}

function refusalOf(gateway: Gateway, { url, headers }: Request): number | undefined {
  const key = headers.authorization?.replace(/^Bearer /, '') ?? '';
  if (gateway.tooMany > 0 && gateway.tooManyFor.test(url.pathname)) {
    gateway.tooMany -= 1;
    return 429;
  }
  if (gateway.refuseAll !== undefined) return gateway.refuseAll;
  const isOps = url.pathname.startsWith('/v1/ops/');
  if (isOps && key === OPS_KEY) return undefined;
  if (!gateway.keys.has(key)) return key === OPS_KEY ? 403 : 401;
  if (isOps) return 403;
  const world = headers['pinecall-env'];
  return world === undefined || world === gateway.world ? undefined : 403;
}

function open(floors: Set<Reply>, reply: Reply): void {
  reply.stream();
  floors.add(reply);
  reply.onClose(() => floors.delete(reply));
}

function list(gateway: Gateway, url: URL, reply: Reply): void {
  const limit = Math.min(gateway.listSize, Number(url.searchParams.get('limit') ?? 20));
  const rows = [...gateway.logs.values()].filter(({ entries }) => entries.length > 0).reverse();
  const before = url.searchParams.get('before');
  const start = before === null ? 0 : rows.findIndex(({ call }) => call === before) + 1;
  const calls = rows.slice(start, start + limit);
  const next = start + limit < rows.length ? (calls.at(-1)?.call ?? null) : null;
  reply.json(200, { calls: calls.map(({ row }) => row), total: rows.length, next });
}

function usage(gateway: Gateway, url: URL, reply: Reply): void {
  const after = Number(url.searchParams.get('after') ?? 0);
  const rows = gateway.usage.map((row, index) => ({ cursor: index + 1, ...row })).slice(after, after + 2);
  reply.json(200, { rows, totals: {}, next: after + rows.length < gateway.usage.length ? after + rows.length : null });
}

function page(gateway: Gateway, log: CallLog, after: number, reply: Reply): void {
  const entries = log.durable.filter(({ seq }) => seq > after).slice(0, gateway.pageSize);
  reply.json(200, { entries, live: !log.isSealed, next: entries.at(-1)?.seq ?? null });
}

/** The backlog, `log.caught_up`, then what happens, ephemeral entries included; it ends with the first score. */
function tail(gateway: Gateway, log: CallLog, after: number, reply: Reply): void {
  reply.stream();
  let sent = 0;
  const send = (entry: WireEntry) => {
    if (gateway.isLosing || reply.isOver) return;
    reply.frame(entry);
    sent += 1;
    if (sent >= gateway.cutAfter || entry.type === 'call.score') reply.end();
  };
  const backlog = log.durable.filter(({ seq }) => seq > Math.max(0, after - gateway.overlap));
  for (const entry of backlog) send(entry);
  if (reply.isOver) return;
  const seq = backlog.at(-1)?.seq ?? after;
  reply.frame(log.marker('log.caught_up', seq, { seq }));
  if (log.isSealed) return reply.end();
  log.readers.add(send);
  gateway.streams.set(reply, log.call);
  gateway.peakStreams = Math.max(gateway.peakStreams, gateway.streams.size);
  reply.onClose(() => {
    log.readers.delete(send);
    gateway.streams.delete(reply);
  });
}

/** Takes a request of either HTTP apart, and has it answered. */
export function serve(gateway: Gateway, message: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  message.on('error', () => undefined);
  response.on('error', () => undefined); // A reader that goes away is none of ours.
  message.on('data', (chunk: Buffer) => chunks.push(chunk));
  message.once('end', () => {
    const url = new URL(message.url ?? '/', 'http://double');
    const request = {
      method: message.method ?? 'GET',
      url,
      headers: message.headers,
      body: Buffer.concat(chunks).toString(),
    };
    respond(gateway, request, new Reply(response, () => gateway.pieceBytes));
  });
}
