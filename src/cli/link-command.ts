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
    .description('make a link that signs a person in, once; the link, and nothing else, goes to stdout')
    .option('--tenant <tenant>', 'of which customer; without it the link is an operator’s')
    .option('--for <name>', 'the person’s name, which the audit and lists show (with --tenant)')
    .option('--email <address>', 'kept with the person (with --for)')
    .option('--scope <scope>', 'what the person may do; repeatable', (one, all: string[]) => [...all, one], [])
    .option('--ttl <ttl>', 'how long the link waits to be used: 15m, 24h at most')
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
