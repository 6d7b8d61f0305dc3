import type { Command } from 'commander';
import { z } from 'zod';
import { contextOf, path } from './context.js';
import { print, safe, shown, table } from './output.js';

const auditSchema = z.looseObject({
  audit: z.array(z.looseObject({ at: z.string(), by: z.string(), action: z.string(), target: z.string() })),
});
const connectionsSchema = z.looseObject({
  connections: z.array(z.looseObject({ id: z.string(), tenant: z.string().nullable(), since: z.string() })),
});
const explainSchema = z.looseObject({
  summary: z.string(),
  checks: z.array(z.object({ check: z.string(), passed: z.boolean(), detail: z.string() })),
});

/** What an operator looks at: changes, open streams, why an event was or was not delivered. */
export function addOperationCommands(program: Command): void {
  addAudit(program);

  const connections = program.command('connections').description('open streams: list, close').enablePositionalOptions();
  connections
    .command('list', { isDefault: true })
    .description('list open streams of all processes, oldest first')
    .action(async (_: object, command: Command) => {
      const { api, isJson } = contextOf(command);
      const { connections: rows } = await api.request('GET', '/v1/admin/connections', connectionsSchema);
      const columns = ['id', 'tenant', 'since', 'remoteAddress', 'agents', 'cursor', 'lag', 'queuedBytes'];
      print(isJson, rows, () => table(rows, columns));
    });
  connections
    .command('close <id>')
    .description('end a stream; its client may reconnect and resume')
    .action(async (id: string, _: object, command: Command) => {
      await contextOf(command).api.request('DELETE', path`/v1/admin/connections/${id}`, z.undefined());
    });

  addExplain(program);
}

function addAudit(program: Command): void {
  program
    .command('audit')
    .description('who changed what, newest first')
    .option('--tenant <tenant>', 'only changes that concern this tenant')
    .option('--limit <n>', 'maximum number of rows', '50')
    .action(async ({ tenant, limit }: { tenant?: string; limit: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const query = new URLSearchParams({ limit, ...(tenant === undefined ? {} : { tenant }) });
      const { audit } = await api.request('GET', `/v1/admin/audit?${query.toString()}`, auditSchema);
      print(isJson, audit, () => table(audit, ['at', 'by', 'action', 'target', 'before', 'after']));
    });
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('why a tenant did or did not get an event')
    .requiredOption('--tenant <tenant>')
    .requiredOption('--event <position>', 'a position in the operators’ stream')
    .option('--token-id <id>', 'also check the filters of this token')
    .action(async ({ tenant, event, tokenId }: Record<string, string>, command: Command) => {
      const { api, isJson } = contextOf(command);
      const query = new URLSearchParams({ tenant: tenant ?? '', event: event ?? '', ...(tokenId ? { tokenId } : {}) });
      const answer = await api.request('GET', `/v1/admin/explain?${query.toString()}`, explainSchema);
      const lines = answer.checks.map(
        ({ check, passed, detail }) => `  ${passed ? '✓' : '✗'} ${shown(check)}: ${safe(detail)}`,
      );
      print(isJson, answer, () => `${safe(answer.summary)}\n${lines.join('\n')}\n`);
    });
}
