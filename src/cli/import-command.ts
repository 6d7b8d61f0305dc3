import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Api } from './api.js';
import { contextOf, path } from './context.js';
import { UsageError } from './environment.js';
import { FleetError, type Step, planFleet, readFleet } from './fleet.js';
import { print, safe, table } from './output.js';

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly transfer?: boolean;
  readonly createTenants?: boolean;
}

const agentSchema = z.looseObject({ agent: z.string(), tenant: z.string().nullable() });
const tenantSchema = z.looseObject({ tenant: z.string() });
const STDIN = 0;

export function addImportCommand(agent: Command): void {
  agent
    .command('import <file>')
    .description(
      'assign agents to tenants from a CSV (agent,tenant; spreadsheet exports work too) or JSON file; "-" reads stdin',
    )
    .option('--dry-run', 'only show the plan')
    .option('--transfer', 'also move agents that another tenant owns')
    .option('--create-tenants', 'create tenants that do not exist')
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const steps = await makePlan(api, file);
      const columns = ['what', 'agent', 'tenant', 'from'];
      print(isJson, steps, () => table(steps.map((step) => ({ ...step })), columns)); // prettier-ignore
      const missing = await missingTenants(api, steps);
      refuse(steps, missing, options);
      if (options.dryRun) return;
      for (const tenant of missing) await api.request('POST', '/v1/admin/tenants', tenantSchema, { tenant });
      await apply(api, steps.filter(({ what }) => what !== 'keep')); // prettier-ignore
    });
}

async function makePlan(api: Api, file: string): Promise<Step[]> {
  try {
    const placements = readFleet(readFileSync(file === '-' ? STDIN : file));
    const agents = await api.all('/v1/admin/agents', 'agents', agentSchema);
    return planFleet(placements, new Map(agents.map(({ agent, tenant }) => [agent, tenant])));
  } catch (error) {
    if (error instanceof FleetError)
      throw new UsageError(
        `${file === '-' ? 'stdin' : file} cannot be used:\n  ${error.faults.map(safe).join('\n  ')}`,
      );
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'open' || syscall === 'read') throw new UsageError(`${file} cannot be read (${code})`);
    throw error;
  }
}

async function missingTenants(api: Api, steps: readonly Step[]): Promise<string[]> {
  const tenants = await api.all('/v1/admin/tenants', 'tenants', tenantSchema);
  const known = new Set(tenants.map(({ tenant }) => tenant));
  return [...new Set(steps.map(({ tenant }) => tenant))].filter((tenant) => !known.has(tenant));
}

/** All faults are reported before the first change. */
function refuse(steps: readonly Step[], missing: readonly string[], { transfer, createTenants }: ImportOptions): void {
  const others = steps.filter(({ what }) => what === 'transfer');
  const reasons = [
    ...(missing.length > 0 && !createTenants
      ? [`no such tenant: ${missing.join(', ')} (--create-tenants creates them)`]
      : []),
    ...(others.length > 0 && !transfer
      ? [`owned by another tenant: ${others.map(({ agent }) => agent).join(', ')} (--transfer moves them)`]
      : []),
  ];
  if (reasons.length > 0) throw new Error(`nothing was changed: ${reasons.join('; ')}`);
}

/** One by one, each compare-and-set: an interrupted run can be repeated. */
async function apply(api: Api, steps: readonly Step[]): Promise<void> {
  const isWatched = process.stderr.isTTY;
  for (const [index, { agent, tenant, from }] of steps.entries()) {
    await api.request('PUT', path`/v1/admin/agents/${agent}/owner`, z.looseObject({}), { tenant, from });
    if (isWatched) process.stderr.write(`\r${index + 1} of ${steps.length}`);
  }
  const many = steps.length === 1 ? '1 agent' : `${steps.length} agents`;
  process.stderr.write(`${isWatched ? '\r' : ''}${many} assigned to their tenants\n`);
}
