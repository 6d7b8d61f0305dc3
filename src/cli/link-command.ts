import type { Command } from 'commander';
import { z } from 'zod';
import { contextOf, path } from './context.js';
import { print } from './output.js';

const linkSchema = z.looseObject({ url: z.string(), expiresAt: z.string() });

interface LinkOptions {
  readonly tenant?: string;
  readonly scope: readonly string[];
  readonly ttl?: string;
  readonly for?: string;
  readonly email?: string;
}

export function addLinkCommand(program: Command): void {
  program
    .command('link')
    .description('create a link that signs a person in once; only the link goes to stdout')
    .option('--tenant <tenant>', 'the customer; without it, a link for an operator')
    .option('--for <name>', 'the person’s name, shown in the audit log and in lists (with --tenant)')
    .option('--email <address>', 'kept with the person (with --for)')
    .option('--scope <scope>', 'what the person may do; repeatable', (one, all: string[]) => [...all, one], [])
    .option('--ttl <ttl>', 'how long the link is valid, such as 15m; at most 24h')
    .action(async ({ tenant, scope, ttl, for: name, email }: LinkOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const url = tenant === undefined ? '/v1/admin/sign-in-links' : path`/v1/admin/tenants/${tenant}/sign-in-links`;
      const body = {
        ...(scope.length > 0 ? { scopes: scope } : {}),
        ...(ttl === undefined ? {} : { ttl }),
        ...(name === undefined ? {} : { for: name }),
        ...(email === undefined ? {} : { email }),
      };
      const link = await api.request('POST', url, linkSchema, body);
      process.stderr.write(`works once, until ${link.expiresAt}\n`);
      print(isJson, link, () => `${link.url}\n`);
    });
}
