import type { Command } from 'commander';
import { z } from 'zod';
import { ApiError } from './api.js';
import { contextOf, path } from './context.js';
import { addImportCommand } from './import-command.js';
import { print, safe, table } from './output.js';

const agentSchema = z.looseObject({ agent: z.string(), tenant: z.string().nullable(), since: z.string().nullable() });
const ownerSchema = z.looseObject({ tenant: z.string(), since: z.string(), until: z.string().nullable() });
const COLUMNS = ['agent', 'tenant', 'since'];

interface AssignOptions {
  readonly tenant: string;
  readonly from?: string;
  readonly dryRun?: boolean;
}

export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('agents: list, assign, unassign, set, owners, import');

  addList(agent);
  addAssign(agent);
  addUnassign(agent);
  addSet(agent);
  addOwners(agent);
  addImportCommand(agent);
}

function addList(agent: Command): void {
  agent
    .command('list')
    .description('list agents and their owners')
    .option('--tenant <tenant>', 'only this tenant’s agents')
    .option('--unassigned', 'only agents that nobody owns')
    .action(async ({ tenant, unassigned }: { tenant?: string; unassigned?: boolean }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const query = new URLSearchParams({
        ...(tenant ? { tenant } : {}),
        ...(unassigned ? { unassigned: 'true' } : {}),
      });
      const agents = await api.all(`/v1/admin/agents?${query.toString()}`, 'agents', agentSchema);
      print(isJson, agents, () => table(agents, COLUMNS));
    });
}

function addAssign(agent: Command): void {
  agent
    .command('assign <agent>')
    .description('assign an agent to a tenant; --from names its current owner (nobody by default)')
    .requiredOption('--tenant <tenant>', 'its new owner')
    .option('--from <tenant>', 'its current owner')
    .option('--dry-run', 'only show what would change')
    .action(async (name: string, { tenant, from, dryRun }: AssignOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const url = `${path`/v1/admin/agents/${name}/owner`}${dryRun ? '?dryRun=true' : ''}`;
      const body = { tenant, from: from ?? null };
      const answer = await api.request('PUT', url, z.looseObject({}), body).catch((error: unknown) => {
        if (!(error instanceof ApiError && error.slug === 'owner-changed')) throw error;
        const owner = error.problem['owner'];
        const hint = typeof owner === 'string' ? `say --from ${owner} to move it` : 'leave out --from';
        throw new Error(`${error.message} If that is what you want, ${hint}.`);
      });
      print(isJson, answer, () => (dryRun ? previewOf(answer) : table([answer], COLUMNS)));
    });
}

function addUnassign(agent: Command): void {
  agent
    .command('unassign <agent>')
    .description('unassign an agent; its past calls stay with their owner')
    .requiredOption('--from <tenant>', 'its current owner')
    .action(async (name: string, { from }: { from: string }, command: Command) => {
      await contextOf(command).api.request('DELETE', path`/v1/admin/agents/${name}/owner`, z.undefined(), { from });
    });
}

function addSet(agent: Command): void {
  agent
    .command('set [agents...]')
    .description('make exactly these the agents of a tenant; all or nothing')
    .requiredOption('--tenant <tenant>', 'whose')
    .option('--dry-run', 'only show what would change')
    .action(async (agents: string[], { tenant, dryRun }: AssignOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const url = `${path`/v1/admin/tenants/${tenant}/agents`}${dryRun ? '?dryRun=true' : ''}`;
      const set = z.looseObject({ added: z.array(z.string()), removed: z.array(z.string()) });
      const answer = await api.request('PUT', url, set, { agents });
      const names = (list: readonly string[]) => list.map(safe).join(' ') || '–';
      print(isJson, answer, () => `added    ${names(answer.added)}\nremoved  ${names(answer.removed)}\n`);
    });
}

function addOwners(agent: Command): void {
  agent
    .command('owners <agent>')
    .description('who owned an agent and when, newest first')
    .action(async (name: string, _: object, command: Command) => {
      const { api, isJson } = contextOf(command);
      const list = z.looseObject({ owners: z.array(ownerSchema) });
      const { owners } = await api.request('GET', path`/v1/admin/agents/${name}/owners`, list);
      print(isJson, owners, () => table(owners, ['tenant', 'since', 'until', 'changedBy']));
    });
}

function previewOf(answer: Record<string, unknown>): string {
  const count = (name: string, one: string, several = `${one}s`) => {
    const many = Array.isArray(answer[name]) ? answer[name].length : 0;
    return `${many} ${many === 1 ? one : several}`;
  };
  return [
    'nothing was changed; this would affect',
    `  ${count('openStreams', 'open stream')}: told, and left open`,
    `  ${count('callsInProgress', 'call')} in progress: left with the present owner`,
    `  ${count('narrowedTokens', 'stream token')} narrowed to the agent: without new calls of it`,
    '',
  ].join('\n');
}
