/** A live, readable stream in the terminal. It reconnects by itself, from the last event that it showed. */
import { type Command, InvalidArgumentError } from 'commander';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { Backoff } from '../common/backoff.js';
import { type Api, ApiError, causeOf } from './api.js';
import { contextOf } from './context.js';
import { wantsColour } from './environment.js';
import { eventLine, isWord } from './event-line.js';
import { endsWithItsReader, safe } from './output.js';
import { readStream } from './sse-client.js';
import { streamPlace } from './stream-place.js';

interface TailOptions {
  readonly tenant?: string;
  readonly agent?: string;
  readonly type?: string;
  readonly after?: string;
  readonly words?: boolean;
  readonly color: boolean;
}

const CONTROL = new Set(['connected', 'log.caught_up', 'token.expiring']);
const dataSchema = z.record(z.string(), z.unknown());

export function addTailCommand(program: Command): void {
  program
    .command('tail')
    .description('watch events live, one line each; Ctrl-C ends it')
    .option('--tenant <tenant>', 'see exactly what this tenant sees (recorded in its audit log)')
    .option('--agent <agents>', 'only these, separated by commas')
    .option('--type <types>', 'only these, like call.*,user.message')
    .option('--after <id>', 'start after this ID instead of now', idIn)
    .option('--words', 'also show interim words and speech')
    .option('--no-color', 'without colours')
    .action(async (options: TailOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      await new Tail(api, options, isJson).run();
    });
}

/** A seq or position, or 0. The server would answer anything else with `log.gap`, and go on from now. */
export function idIn(text: string): string {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be an event ID (digits only).');
  return text;
}

class Tail {
  private cursor: string | undefined;
  private retryMs: number | undefined;
  private readonly colour: boolean;
  private readonly backoff = new Backoff({ firstMs: 500, maxMs: 15_000 });

  constructor(
    private readonly api: Api,
    private readonly options: TailOptions,
    private readonly isJson: boolean,
  ) {
    this.cursor = options.after;
    this.colour = options.color && wantsColour();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
    endsWithItsReader();
  }

  /** Runs until Ctrl-C, or until the server refuses for a reason that no retry cures. */
  async run(): Promise<void> {
    for (;;) {
      try {
        const response = await this.open();
        await readStream(response, {
          onEvent: ({ event, id, data }) => this.show(event ?? 'message', id, data),
          onRetry: (retryMs) => (this.retryMs = retryMs),
        });
        this.say('the stream ended');
      } catch (error) {
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
        this.say(error instanceof Error ? describe(error) : 'the connection broke');
      }
      const waitMs = this.retryMs ?? this.backoff.nextMs();
      this.retryMs = undefined;
      await wait(waitMs);
    }
  }

  private async open(): Promise<Response> {
    const { agent, type } = this.options;
    const query = new URLSearchParams({ ...(agent ? { agents: agent } : {}), ...(type ? { types: type } : {}) });
    const { path } = await streamPlace(this.api, this.options.tenant, query);
    const headers = {
      Accept: 'text/event-stream',
      ...(this.cursor === undefined ? {} : { 'Last-Event-ID': this.cursor }),
    };
    return this.api.fetch('GET', `${path}?${query.toString()}`, undefined, { headers });
  }

  private show(type: string, id: string | undefined, text: string): void {
    if (id !== undefined && id !== '') this.cursor = id;
    this.backoff.reset();
    const data = dataSchema.parse(JSON.parse(text));
    if (this.isJson) process.stdout.write(`${JSON.stringify({ id: id ?? null, type, data })}\n`);
    else if (type === 'connected') this.say(`connected at ${this.cursor ?? 0}`);
    else if (type === 'stream.closing') this.say(`the server ends the stream: ${String(data['title'])}`);
    else if (type === 'agents.changed') this.say(`agents now: ${String(data['agents'])}`);
    else if (!CONTROL.has(type) && (this.options.words || !isWord(type)))
      process.stdout.write(`${eventLine({ type, data }, this.colour)}\n`);
  }

  private say(text: string): void {
    process.stderr.write(`# ${safe(text)}\n`);
  }
}

/** fetch puts the reason of a broken connection into `cause`. */
function describe(error: Error): string {
  return error.cause instanceof Error ? `no connection (${causeOf(error.cause)}), trying again` : error.message;
}
