import type { Command } from 'commander';
import { z } from 'zod';
import { contextOf, path } from './context.js';
import { print, table } from './output.js';

const tokenSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.string(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});
const createdSchema = z.looseObject({ id: z.string(), token: z.string(), expiresAt: z.string() });
const rolledSchema = createdSchema.extend({ replaces: z.looseObject({ id: z.string(), worksUntil: z.string() }) });

const pathOf = (tenant: string | undefined) =>
  tenant === undefined ? '/v1/admin/tokens' : path`/v1/admin/tenants/${tenant}/tokens`;
const collect = (value: string, before: readonly string[] = []) => [...before, ...value.split(',')];

interface CreateOptions {
  readonly tenant?: string;
  readonly scope: readonly string[];
  readonly ttl?: string;
  readonly name: string;
}

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('API tokens: create, list, roll, revoke');

  addCreate(token);
  addList(token);
  addRoll(token);
  addRevoke(token);

  addKeyCommands(program);
}

function addCreate(token: Command): void {
  token
    .command('create')
    .description('create a token; only its text goes to stdout')
    .option('--tenant <tenant>', 'the tenant it is for; without it, a platform token')
    .requiredOption(
      '--scope <scope>',
      'events:read, agents:read, tokens:write, events:write, webhooks:write, rules:write, recordings:read, calls:steer, admin; repeatable',
      collect,
    )
    .option('--ttl <ttl>', 'lifetime, such as 30d, 12h or 15m')
    .option('--name <name>', 'what it is for', 'command line')
    .addHelpText('after', '\nTOKEN=$(npx switchboard token create --tenant acme --scope events:read --ttl 30d)')
    .action(async ({ tenant, scope, ttl, name }: CreateOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const body = { name, scopes: scope, ...(ttl === undefined ? {} : { ttl }) };
      const made = await api.request('POST', pathOf(tenant), createdSchema, body);
      process.stderr.write(`token ${made.id}, until ${made.expiresAt}; its text is shown only this once\n`);
      print(isJson, made, () => `${made.token}\n`);
    });
}

function addList(token: Command): void {
  token
    .command('list')
    .description('list tokens, newest first, with their last use')
    .option('--tenant <tenant>', 'the tenant; without it, the platform’s tokens')
    .action(async ({ tenant }: { tenant?: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const tokens = await api.all(pathOf(tenant), 'tokens', tokenSchema);
      const columns = ['id', 'name', 'scopes', 'expiresAt', 'lastUsedAt', 'revokedAt'];
      print(isJson, tokens, () =>
        table(
          tokens.map((one) => ({ ...one, scopes: one.scopes.join(' ') })),
          columns,
        ),
      );
    });
}

function addRoll(token: Command): void {
  token
    .command('roll <id>')
    .description('replace a token with a new one; only its text goes to stdout')
    .option('--overlap <time>', 'how long the old token keeps working, such as 24h, 30m or 0s; at most 7d', '24h')
    .action(async (id: string, { overlap }: { overlap: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const made = await api.request('POST', path`/v1/admin/tokens/${id}/roll`, rolledSchema, { overlap });
      process.stderr.write(`token ${made.id}, until ${made.expiresAt}; its text is shown only this once\n`);
      process.stderr.write(`token ${made.replaces.id} works until ${made.replaces.worksUntil}\n`);
      print(isJson, made, () => `${made.token}\n`);
    });
}

function addRevoke(token: Command): void {
  token
    .command('revoke <id>')
    .description('revoke a token and end the streams that use it')
    .action(async (id: string, _: object, command: Command) => {
      await contextOf(command).api.request('DELETE', path`/v1/admin/tokens/${id}`, z.undefined());
    });
}

function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that sign tokens');
  const keySchema = z.looseObject({ kid: z.string(), state: z.string(), signsFrom: z.string(), tokens: z.number() });
  const columns = ['kid', 'state', 'signsFrom', 'tokens'];
  keys
    .command('list')
    .description('list keys, newest first, with the number of tokens that each signed')
    .action(async (_: object, command: Command) => {
      const { api, isJson } = contextOf(command);
      const list = z.looseObject({ keys: z.array(keySchema) });
      const { keys: rows } = await api.request('GET', '/v1/admin/signing-keys', list);
      print(isJson, rows, () => table(rows, columns));
    });
  keys
    .command('rotate')
    .description('create a new key; the old one still verifies its tokens until they expire')
    .action(async (_: object, command: Command) => {
      const { api, isJson } = contextOf(command);
      const key = await api.request('POST', '/v1/admin/signing-keys', keySchema);
      print(isJson, key, () => table([key], columns));
    });
}
