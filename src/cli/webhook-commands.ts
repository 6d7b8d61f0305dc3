import { type Command, Option } from 'commander';
import { z } from 'zod';
import { contextOf, path } from './context.js';
import { UsageError } from './environment.js';
import { print, shown, table } from './output.js';
import { idIn } from './tail.js';

const webhookSchema = z.looseObject({
  id: z.string(),
  url: z.string(),
  status: z.string(),
  behind: z.number(),
  waiting: z.number(),
  lastSuccessAt: z.string().nullable(),
  lastFailure: z.looseObject({ reason: z.string() }).nullable(),
});
const createdSchema = z.looseObject({ id: z.string(), url: z.string(), secret: z.string() });
const testSchema = z.looseObject({
  status: z.number().nullable(),
  ms: z.number(),
  body: z.string(),
  reason: z.string().nullable(),
});
const attemptSchema = z.looseObject({ event: z.string(), type: z.string(), at: z.string(), delivered: z.boolean() });
const attemptPage = z.looseObject({ attempts: z.array(attemptSchema) });

const WHOSE = 'the tenant; not needed with a tenant’s own token';
const COLUMNS = ['id', 'url', 'status', 'behind', 'waiting', 'lastSuccessAt', 'lastFailure'];
const collect = (value: string, before: readonly string[] = []) => [...before, ...value.split(',')];
const pathOf = (tenant: string | undefined) =>
  tenant === undefined ? '/v1/webhooks' : path`/v1/admin/tenants/${tenant}/webhooks`;
const rowsOf = (webhooks: readonly z.infer<typeof webhookSchema>[]) =>
  table(
    webhooks.map((one) => ({ ...one, lastFailure: one.lastFailure?.reason ?? null })),
    COLUMNS,
  );

interface Whose {
  readonly tenant?: string;
}

export function addWebhookCommands(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('where events are sent: create, list, test, attempts, recover');
  addCreate(webhook);
  addList(webhook);
  addTest(webhook);
  addAttempts(webhook);
  addRecover(webhook);
}

interface CreateOptions extends Whose {
  readonly description?: string;
  readonly agent?: readonly string[];
  readonly type?: readonly string[];
  readonly each: string;
  readonly format: string;
}

function addCreate(webhook: Command): void {
  webhook
    .command('create <url>')
    .description('create a webhook; only its secret goes to stdout')
    .option('--tenant <tenant>', WHOSE)
    .option('--description <text>', 'a name that people see')
    .option('--agent <agents>', 'only these; repeatable', collect)
    .option('--type <types>', 'only these, like call.*,user.message; repeatable', collect)
    .addOption(
      new Option('--each <unit>', 'send each event, or each call once it has ended')
        .choices(['event', 'call'])
        .default('event'),
    )
    .addOption(new Option('--format <format>', 'of the body').choices(['standard', 'cloudevents']).default('standard'))
    .action(async (url: string, options: CreateOptions, command: Command) => {
      const { tenant, description, agent, type, each, format } = options;
      const { api, isJson } = contextOf(command);
      const body = {
        url,
        each,
        format,
        ...(description === undefined ? {} : { description }),
        ...(agent === undefined ? {} : { agents: agent }),
        ...(type === undefined ? {} : { types: type }),
      };
      const made = await api.request('POST', pathOf(tenant), createdSchema, body);
      process.stderr.write(`webhook ${made.id} to ${shown(made.url)}; its secret is shown this once\n`);
      print(isJson, made, () => `${made.secret}\n`);
    });
}

function addList(webhook: Command): void {
  webhook
    .command('list')
    .description('list webhooks with their status and problems')
    .option('--tenant <tenant>', WHOSE)
    .action(async ({ tenant }: Whose, command: Command) => {
      const { api, isJson } = contextOf(command);
      const webhooks = await api.all(pathOf(tenant), 'webhooks', webhookSchema);
      print(isJson, webhooks, () => rowsOf(webhooks));
    });
}

function addTest(webhook: Command): void {
  webhook
    .command('test <id>')
    .description('send a sample event and show the answer; the exit code is 1 if it was not accepted')
    .option('--tenant <tenant>', WHOSE)
    .option('--type <type>', 'the type of the sample', 'call.started')
    .action(async (id: string, { tenant, type }: Whose & { readonly type: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const answer = await api.request('POST', `${pathOf(tenant)}${path`/${id}/test`}`, testSchema, { type });
      const { status, ms, body, reason } = answer;
      const outcome =
        reason === null ? `it answered ${status} after ${ms} ms` : `not accepted after ${ms} ms: ${reason}`;
      print(isJson, answer, () => [outcome, ...(body === '' ? [] : [shown(body)])].map((line) => `${line}\n`).join(''));
      if (reason !== null) process.exitCode = 1;
    });
}

interface AttemptOptions extends Whose {
  readonly status?: string;
  readonly limit: string;
}

function addAttempts(webhook: Command): void {
  webhook
    .command('attempts <id>')
    .description('list attempts and their results, newest first')
    .option('--tenant <tenant>', WHOSE)
    .addOption(new Option('--status <status>', 'only these').choices(['failed', 'delivered']))
    .option('--limit <count>', 'maximum number of rows', '50')
    .action(async (id: string, { tenant, status, limit }: AttemptOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const query = new URLSearchParams({ limit, ...(status === undefined ? {} : { status }) });
      const place = `${pathOf(tenant)}${path`/${id}/attempts`}?${query.toString()}`;
      const { attempts } = await api.request('GET', place, attemptPage);
      const columns = ['at', 'event', 'type', 'callId', 'status', 'ms', 'next', 'reason'];
      print(isJson, attempts, () => table(attempts, columns));
    });
}

interface RecoverOptions extends Whose {
  readonly after?: string;
  readonly since?: string;
}

function addRecover(webhook: Command): void {
  webhook
    .command('recover <id>')
    .description('send everything again that came after an event or since a time')
    .option('--tenant <tenant>', WHOSE)
    .option('--after <event>', 'after this ID; 0 for everything', idIn)
    .option('--since <time>', 'since this time, like 2026-11-27T09:00:00Z')
    .action(async (id: string, { tenant, after, since }: RecoverOptions, command: Command) => {
      if ((after === undefined) === (since === undefined)) throw new UsageError('give either --after or --since');
      const { api, isJson } = contextOf(command);
      const from = after === undefined ? { since } : { after };
      const answer = await api.request('POST', `${pathOf(tenant)}${path`/${id}/recover`}`, webhookSchema, from);
      print(isJson, answer, () => rowsOf([answer]));
    });
}
