import type { Command } from 'commander';
import { z } from 'zod';
import { effectiveLimits, limitsSchema } from '../common/limits.js';
import type { Api } from './api.js';
import { contextOf, path } from './context.js';
import { UsageError } from './environment.js';
import { print, table } from './output.js';

const NAMES = Object.keys(limitsSchema.shape);
const ownSchema = z.looseObject({ tenant: z.string(), limits: z.record(z.string(), z.number()) });
const count = z.number();
const platformSchema = z.looseObject({
  limits: z.looseObject({
    streams: count,
    streamsPerToken: count,
    requestsPerSecond: count,
    tokens: count,
    ingestPerSecond: count,
    ingestBytesPerSecond: count,
    retentionDays: count.nullable(),
  }),
});

type Changes = Readonly<Record<string, number | null>>;

/** How much a tenant may use: what was set for it, and else what the platform's configuration says. */
export function addLimitCommands(program: Command): void {
  const limits = program
    .command('limits')
    .description('limits of a tenant: list, set, unset')
    .enablePositionalOptions();
  limits
    .command('list', { isDefault: true })
    .description('a tenant’s limits and where each comes from; without a tenant the platform’s defaults')
    .option('--tenant <tenant>', 'whose')
    .action(async ({ tenant }: { tenant?: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      if (tenant !== undefined) {
        const own = await api.request('GET', path`/v1/admin/tenants/${tenant}`, ownSchema);
        return show(api, isJson, own);
      }
      const { limits: platform } = await api.request('GET', '/v1/admin/limits', platformSchema);
      print(isJson, { limits: platform }, () =>
        table(NAMES.map((limit) => ({ limit, value: platform[limit] ?? 'for ever' })), ['limit', 'value'])); // prettier-ignore
    });
  limits
    .command('set <limits...>')
    .description('set a tenant’s limits, such as streams=100 retentionDays=30; open streams follow at once')
    .requiredOption('--tenant <tenant>', 'whose')
    .action((said: string[], { tenant }: { tenant: string }, command: Command) =>
      change(command, tenant, Object.fromEntries(said.map(assignmentIn))),
    );
  limits
    .command('unset <limits...>')
    .description('go back to the platform’s defaults, for limits such as streams retentionDays')
    .requiredOption('--tenant <tenant>', 'whose')
    .action((said: string[], { tenant }: { tenant: string }, command: Command) =>
      change(command, tenant, Object.fromEntries(said.map((name) => [nameIn(name), null]))),
    );
}

async function change(command: Command, tenant: string, limits: Changes): Promise<void> {
  const { api, isJson } = contextOf(command);
  await show(api, isJson, await api.request('PATCH', path`/v1/admin/tenants/${tenant}`, ownSchema, { limits }));
}

/** What holds for the tenant, as the server works it out. */
async function show(api: Api, isJson: boolean, { tenant, limits: set }: z.infer<typeof ownSchema>): Promise<void> {
  const { limits: platform } = await api.request('GET', '/v1/admin/limits', platformSchema);
  const retentionDays = set['retentionDays'] ?? platform.retentionDays;
  const held: Changes = { ...effectiveLimits(set, platform), retentionDays };
  const from = (name: string) =>
    name in set ? 'set' : held[name] === platform[name] ? 'platform' : 'set by ingestPerSecond';
  print(isJson, { tenant, limits: held, set }, () =>
    table(NAMES.map((limit) => ({ limit, value: held[limit] ?? 'for ever', from: from(limit) })), ['limit', 'value', 'from'])); // prettier-ignore
}

function nameIn(text: string): string {
  if (!NAMES.includes(text)) throw new UsageError(`"${text}" is not a limit; the limits are ${NAMES.join(', ')}`);
  return text;
}

function assignmentIn(text: string): [string, number] {
  const [, name = text, value] = /^(\w+)=(\d+)$/.exec(text) ?? [];
  if (value === undefined) throw new UsageError(`"${text}" must look like streams=100`);
  return [nameIn(name), Number(value)];
}
