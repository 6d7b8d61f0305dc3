/** `switchboard listen`: what a webhook would be sent, sent to this machine, which needs no public address for it. */
import { type Command, Option } from 'commander';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { Backoff } from '../common/backoff.js';
import type { Format, Sent } from '../webhooks/delivery-body.js';
import { type Api, ApiError, causeOf } from './api.js';
import { contextOf, path, query } from './context.js';
import { UsageError } from './environment.js';
import type { ForwardedAttempt, Forwarding } from './forwarding.js';
import { endsWithItsReader, safe } from './output.js';
import { readStream } from './sse-client.js';
import { streamPlace } from './stream-place.js';
import { idIn } from './tail.js';

interface ListenOptions {
  readonly tenant?: string;
  readonly forward: string;
  readonly agent?: string;
  readonly type?: string;
  readonly each: 'event' | 'call';
  readonly after?: string;
  readonly secret?: string;
  readonly format: Format;
}

const dataSchema = z.looseObject({
  callId: z.string().nullish(),
  agent: z.string().optional(),
  at: z.string().optional(),
});

export function addListenCommand(program: Command): void {
  program
    .command('listen')
    .description('send events to this machine as a webhook would, signed; Ctrl-C ends it')
    .requiredOption('--forward <url>', 'where to, such as http://127.0.0.1:8080/hook')
    .option('--tenant <tenant>', 'the tenant (recorded in its audit log); not needed with a tenant’s own token')
    .option('--agent <agents>', 'only these, separated by commas')
    .option('--type <types>', 'only these, like call.*,user.message')
    .addOption(
      new Option('--each <what>', 'each event, or each call when it is over, as call.completed')
        .choices(['event', 'call'])
        .default('event'),
    )
    .option('--after <id>', 'start after this ID instead of now', idIn)
    .option('--secret <secret>', 'sign with this secret (whsec_…) instead of a new one')
    .addOption(
      new Option('--format <format>', 'the form of the body').choices(['standard', 'cloudevents']).default('standard'),
    )
    .action(async (options: ListenOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      await new Listener(api, options, isJson).run();
    });
}

class Listener {
  private cursor: string | undefined;
  private retryMs: number | undefined;
  private forwarding: Forwarding | undefined;
  private failure: Error | undefined;
  private readonly stop = new AbortController();
  private readonly backoff = new Backoff({ firstMs: 500, maxMs: 15_000 });

  constructor(
    private readonly api: Api,
    private readonly options: ListenOptions,
    private readonly isJson: boolean,
  ) {
    this.cursor = options.after;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.stop.abort());
    endsWithItsReader();
  }

  /** Runs until Ctrl-C, until the server refuses for good, or until a webhook would be disabled. */
  async run(): Promise<void> {
    const { forward } = this.options;
    if (!URL.canParse(forward) || !/^https?:/.test(forward))
      throw new UsageError(`"${forward}" is not an http or https address`);
    if (this.isOfCalls && this.options.type !== undefined)
      throw new UsageError('--type does not go with --each call: one type is sent, call.completed');
    const secret = await this.secret();
    this.say(`secret: ${secret}`);
    while (!this.stop.signal.aborted) {
      try {
        await this.read(secret);
        this.say('the stream ended');
      } catch (error) {
        if (this.stop.signal.aborted) break;
        if (error instanceof UsageError) throw error;
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
        this.say(`no connection (${causeOf(error instanceof Error ? (error.cause ?? error) : error)}), trying again`);
      }
      await wait(this.retryMs ?? this.backoff.nextMs(), undefined, { signal: this.stop.signal }).catch(() => undefined);
      this.retryMs = undefined;
    }
    this.tellEnd();
    if (this.failure !== undefined) throw this.failure;
    process.exit(0); // What waits for another try is not waited for.
  }

  /** One that can sign. */
  private async secret(): Promise<string> {
    const { newSecret, sign } = await import('../webhooks/signature.js');
    const secret = this.options.secret ?? newSecret();
    try {
      sign([secret], 'msg', new Date(), '');
    } catch {
      throw new UsageError('the secret must be whsec_ and base64');
    }
    return secret;
  }

  private async read(secret: string): Promise<void> {
    const { agent, tenant: named } = this.options;
    const type = this.isOfCalls ? await endings() : this.options.type;
    const asked = new URLSearchParams({ ...(agent ? { agents: agent } : {}), ...(type ? { types: type } : {}) });
    const { path: place, tenant } = await streamPlace(this.api, named, asked);
    if (tenant === null) throw new UsageError('whose events? Add --tenant <tenant>');
    const forwarding = (this.forwarding ??= await this.forwardingTo(tenant, secret));
    const headers = {
      Accept: 'text/event-stream',
      ...(this.cursor === undefined ? {} : { 'Last-Event-ID': this.cursor }),
    };
    const { signal } = this.stop;
    const response = await this.api.fetch('GET', `${place}?${asked.toString()}`, undefined, { headers, signal });
    await readStream(response, {
      onEvent: ({ event, id, data }) => this.take(forwarding, event ?? 'message', id, data),
      onRetry: (retryMs) => (this.retryMs = retryMs),
      beforeMore: () => forwarding.room(),
    });
  }

  /** Loaded only here: the other commands begin sooner without it. */
  private async forwardingTo(tenant: string, secret: string): Promise<Forwarding> {
    const { Forwarding } = await import('./forwarding.js');
    const { forward: url, format } = this.options;
    const tell = (attempt: ForwardedAttempt) => this.show(attempt);
    return new Forwarding({ url, secret, tenant, format, until: this.stop.signal, tell });
  }

  /** Neither the stream's own messages, which are not in the log, nor words in progress are forwarded. */
  private take(forwarding: Forwarding, type: string, id: string | undefined, text: string): void {
    this.backoff.reset();
    const isNew = id !== undefined && id !== '' && id !== this.cursor;
    if (isNew) this.cursor = id;
    const { callId = null, agent, at } = dataSchema.parse(JSON.parse(text));
    if (type === 'connected')
      return this.say(`connected at ${this.cursor ?? 0}, forwarding to ${this.options.forward}`);
    if (type === 'log.gap' && agent === undefined) return this.say('some events are gone: the log no longer has them');
    if (CONTROL.has(type) || !isNew) return;
    const event: Sent = { type, at: at ?? '', callId, agent: agent ?? '', data: text, seq: Number(id) };
    const read = this.isOfCalls && callId !== null ? () => this.completed(event, callId) : undefined;
    forwarding.send(event, read).catch((error: Error) => {
      if (this.stop.signal.aborted) return;
      this.failure = error;
      this.stop.abort();
    });
  }

  private get isOfCalls(): boolean {
    return this.options.each === 'call';
  }

  /** The call as its tenant sees it; undefined: it was erased. */
  private async completed(event: Sent, callId: string): Promise<Sent | undefined> {
    const { tenant } = this.options;
    const place =
      tenant === undefined ? path`/v1/calls/${callId}` : path`/v1/admin/calls/${callId}` + query({ tenant });
    try {
      const [{ CALL_COMPLETED }, { parseJson, serialiseJson }] = await completedParts();
      const { text } = await this.api.read('GET', place, z.unknown());
      const { tenant: _tenant, cost: _cost, ...call } = parseJson(text) as Record<string, unknown>;
      // The operator's cursor counts the platform's events.
      const own = tenant === undefined ? call : { ...call, cursor: event.seq };
      return { ...event, type: CALL_COMPLETED, data: serialiseJson(own) };
    } catch (error) {
      if (error instanceof ApiError && error.slug === 'call-not-found') return undefined;
      throw error;
    }
  }

  private show(attempt: ForwardedAttempt): void {
    process.stdout.write(this.isJson ? `${JSON.stringify(attempt)}\n` : `${attemptLine(attempt)}\n`);
  }

  private tellEnd(): void {
    const { open, doneUpTo } = this.forwarding ?? { open: 0, doneUpTo: null };
    if (open > 0) this.say(`${open} not taken yet; to go on from here: --after ${doneUpTo}`);
  }

  private say(text: string): void {
    process.stderr.write(`# ${safe(text)}\n`);
  }
}

const completedParts = () => Promise.all([import('../webhooks/delivery-body.js'), import('../common/json.js')]);

async function endings(): Promise<string> {
  const { ENDINGS } = await import('../webhooks/delivery-body.js');
  return [...ENDINGS].join();
}

const CONTROL = new Set(['connected', 'log.caught_up', 'agents.changed', 'token.expiring', 'stream.closing']);

/** Local time, the event, the end of its call, the answer, and how long it took. */
function attemptLine({ event, type, callId, status, ms, delivered, reason, againMs }: ForwardedAttempt): string {
  const again = againMs === null ? 'not sent again' : `again in ${Math.ceil(againMs / 1000)} s`;
  return [
    new Date().toTimeString().slice(0, 8),
    event.padStart(6),
    safe(type).padEnd(18),
    safe(callId ?? '')
      .slice(-8)
      .padEnd(8),
    status === null ? 'no answer' : String(status),
    `${ms} ms`,
    ...(delivered ? [] : [safe(reason === null ? again : `${again} (${reason})`)]),
  ].join('  ');
}
