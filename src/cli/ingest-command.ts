/** Events from a file or a pipe into the log, batch by batch, each answered after its commit. */
import type { Command } from 'commander';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Api, ApiError, type ProblemBody, faultsIn, parse, problemOf, problemSchema } from './api.js';
import { contextOf } from './context.js';
import { UsageError } from './environment.js';
import { type Batch, InputError, batchesIn } from './event-batches.js';
import { print, safe } from './output.js';

const answerSchema = z.looseObject({
  accepted: z.number(),
  duplicates: z.number(),
  rejected: z.array(z.object({ index: z.number(), problem: problemSchema })),
});
type Answer = z.infer<typeof answerSchema>;

/** How much of a file is read, and about how much of it is one request. */
const READ_BYTES = 256 * 1024;
/** How often a long run says how far it is. */
const PROGRESS_MS = 2000;

export function addIngestCommand(program: Command): void {
  program
    .command('ingest [file]')
    .description(
      'send events in: JSON lines or a JSON array, from a file or stdin; the exit code is 1 if any was rejected',
    )
    .addHelpText(
      'after',
      '\nA file may be sent again after a break: within a day, nothing of it is stored twice.' +
        '\nzcat events.jsonl.gz | npx switchboard ingest',
    )
    .action(async (file: string | undefined, _: object, command: Command) => {
      const { api, isJson } = contextOf(command);
      await new Intake(api, file === '-' ? undefined : file, isJson).run();
    });
}

interface Rejection {
  readonly place: string;
  readonly problem: ProblemBody;
}

class Intake {
  private accepted = 0;
  private duplicates = 0;
  private rejected = 0;
  private readonly rejections: Rejection[] = [];
  private batches = 0;
  private saidAt = performance.now();

  constructor(
    private readonly api: Api,
    private readonly file: string | undefined,
    private readonly isJson: boolean,
  ) {}

  async run(): Promise<void> {
    try {
      for await (const batch of batchesIn(this.text())) this.count(batch, await this.send(batch));
    } catch (error) {
      if (this.batches > 0) this.say(`it ended early: ${this.sum()}`);
      throw error instanceof InputError ? new UsageError(`${this.file ?? 'stdin'}: ${error.message}`) : error;
    }
    const { accepted, duplicates, rejections: rejected } = this;
    print(this.isJson, { accepted, duplicates, rejected }, () => `${this.sum()}\n`);
    if (this.rejected > 0) process.exitCode = 1;
  }

  /** Throws {@link UsageError} if the file cannot be read, and {@link InputError} if it is no text. */
  private async *text(): AsyncGenerator<string, void, undefined> {
    const input = this.file === undefined ? process.stdin : createReadStream(this.file, { highWaterMark: READ_BYTES });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      for await (const bytes of input) yield decoder.decode(bytes as Buffer, { stream: true });
      yield decoder.decode();
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new InputError('it is not UTF-8');
      if (syscall === undefined) throw error;
      throw new UsageError(`${this.file ?? 'stdin'} cannot be read (${code})`);
    }
  }

  /** The server's answer about a batch, after the commit. It waits as long as the server asks it to. */
  private async send({ body }: Batch): Promise<Answer> {
    // Events without an identity of their own are recognised by it.
    const key = `${createHash('sha256').update(body).digest('hex')}-${this.batches}`;
    const headers = { 'Content-Type': 'application/x-ndjson', 'Idempotency-Key': key };
    for (;;) {
      const response = await this.api.fetch('POST', '/v1/ingest', undefined, { headers, body });
      const answer = parse(await response.text());
      if (response.ok) return answerSchema.parse(answer);
      const all = answerSchema.safeParse(answer);
      if (all.success) return all.data; // All of the batch was rejected.
      const problem = problemOf(response, answer);
      const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
      if (![429, 503].includes(response.status) || Number.isNaN(seconds)) throw new ApiError(response.status, problem);
      this.say(`waiting ${seconds} s: ${problem.detail}`);
      await wait(seconds * 1000);
    }
  }

  private count({ places }: Batch, { accepted, duplicates, rejected }: Answer): void {
    this.batches += 1;
    this.accepted += accepted;
    this.duplicates += duplicates;
    this.rejected += rejected.length;
    for (const { index, problem } of rejected) {
      const place = places[index] ?? `event ${index}`;
      if (this.isJson) this.rejections.push({ place, problem });
      else this.say(`${place}: ${faultsIn(problem) || problem.detail}`);
    }
    if (performance.now() - this.saidAt < PROGRESS_MS) return;
    this.saidAt = performance.now();
    this.say(`so far ${this.sum()}, until ${places.at(-1)}`);
  }

  private sum(): string {
    return `accepted ${this.accepted}, duplicates ${this.duplicates}, rejected ${this.rejected}`;
  }

  private say(text: string): void {
    process.stderr.write(`${safe(text)}\n`);
  }
}
