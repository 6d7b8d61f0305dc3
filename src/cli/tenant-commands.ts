import type { Command } from 'commander';
import { z } from 'zod';
import { contextOf, path } from './context.js';
import { UsageError } from './environment.js';
import { SURE, print, table } from './output.js';

const tenantSchema = z.looseObject({ tenant: z.string(), name: z.string(), status: z.string(), createdAt: z.string() });
const COLUMNS = ['tenant', 'name', 'status', 'createdAt'];

export function addTenantCommands(program: Command): void {
  const tenant = program.command('tenant').description('customers: create, list, suspend, activate, delete');

  addCreate(tenant);
  addList(tenant);

  for (const [verb, status, effect] of [
    ['suspend', 'suspended', 'stop its tokens and end its open streams until it is activated again'],
    ['activate', 'active', 'let its tokens work again'],
  ] as const) {
    tenant
      .command(`${verb} <tenant>`)
      .description(effect)
      .action(async (id: string, _: object, command: Command) => {
        const { api, isJson } = contextOf(command);
        const changed = await api.request('PATCH', path`/v1/admin/tenants/${id}`, tenantSchema, { status });
        print(isJson, changed, () => table([changed], COLUMNS));
      });
  }

  addDelete(tenant);
}

function addCreate(tenant: Command): void {
  tenant
    .command('create <tenant>')
    .description('create a customer')
    .option('--name <name>', 'the name that people see')
    .action(async (id: string, { name }: { name?: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const body = { tenant: id, ...(name === undefined ? {} : { name }) };
      const made = await api.request('POST', '/v1/admin/tenants', tenantSchema, body);
      print(isJson, made, () => table([made], COLUMNS));
    });
}

function addList(tenant: Command): void {
  tenant
    .command('list')
    .description('list customers by name')
    .action(async (_: object, command: Command) => {
      const { api, isJson } = contextOf(command);
      const tenants = await api.all('/v1/admin/tenants', 'tenants', tenantSchema);
      print(isJson, tenants, () => table(tenants, COLUMNS));
    });
}

function addDelete(tenant: Command): void {
  tenant
    .command('delete <tenant>')
    .description('erase a customer with its tokens, calls and events')
    .option('--yes', SURE)
    .action(async (id: string, { yes }: { yes?: boolean }, command: Command) => {
      if (!yes) throw new UsageError(`this permanently erases ${id} and all its events; add --yes to confirm`);
      await contextOf(command).api.request('DELETE', path`/v1/admin/tenants/${id}`, z.undefined());
    });
}
