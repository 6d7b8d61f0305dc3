import { type Command, Option } from 'commander';
import { z } from 'zod';
import { Api } from './api.js';
import { contextOf, ownTenant, path, query } from './context.js';
import { UsageError } from './environment.js';
import { printAsRead, table } from './output.js';

const latencySchema = z.looseObject({ p50: z.number(), p95: z.number() }).nullable();
const counted = { calls: z.number(), minutes: z.number(), latency: latencySchema };
const statsSchema = z.looseObject({
  from: z.string(),
  to: z.string(),
  tz: z.string(),
  latency: latencySchema,
  totals: z.looseObject({ calls: z.number(), minutes: z.number(), medianDuration: z.number().nullable() }),
  tools: z.looseObject({ calls: z.number(), failed: z.number() }),
  score: z.looseObject({ judged: z.number(), passed: z.number() }).nullable(),
  escalated: z.number(),
  buckets: z.array(z.looseObject({ ...counted, at: z.string() })),
  agents: z.array(z.looseObject({ ...counted, agent: z.string(), medianDuration: z.number().nullable() })),
  reasons: z.array(z.looseObject({ reason: z.string(), calls: z.number() })),
});
type Stats = z.infer<typeof statsSchema>;

interface StatsOptions {
  readonly tenant?: string;
  readonly agent?: string;
  readonly [parameter: string]: string | undefined;
}

export function addStatsCommand(program: Command): void {
  program
    .command('stats')
    .description('calls and minutes over time, by agent and by reason; the last 7 days by default')
    .option('--tenant <tenant>', 'operators only: the tenant (recorded in its audit log)')
    .option('--from <time>', 'calls that began at this time or later, such as 2026-11-27 or 2026-11-27T09:00:00Z')
    .option('--to <time>', 'calls that began before this time')
    .addOption(new Option('--bucket <span>', 'the length of a row').choices(['hour', 'day']))
    .option('--agent <agents>', 'only these, separated by commas')
    .option('--tz <zone>', 'the time zone of days and hours, such as Europe/Madrid')
    .action(async ({ tenant, agent, ...asked }: StatsOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const reader = await readerOf(api, tenant);
      const read = await reader.read('GET', `/v1/stats${query({ ...asked, agents: agent })}`, statsSchema);
      printAsRead(isJson, read, statsText);
    });
}

/** Numbers are a tenant's; an operator looks at them as the tenant does. */
async function readerOf(api: Api, tenant: string | undefined): Promise<Api> {
  if (tenant === undefined) {
    if ((await ownTenant(api)) === null) throw new UsageError('whose numbers? Add --tenant <tenant>');
    return api;
  }
  const minted = z.looseObject({ token: z.string() });
  const { token } = await api.request('POST', path`/v1/admin/tenants/${tenant}/views`, minted, { ttl: '5m' });
  return new Api({ url: api.target.url, token });
}

function statsText({ from, to, tz, totals, latency, tools, score, escalated, ...stats }: Stats): string {
  const sum = { ...totals, ...percentiles({ latency }), toolsFailed: `${tools.failed} of ${tools.calls}`, escalated };
  const passed = score && `${score.passed} of ${score.judged}`;
  const numbers = ['calls', 'minutes', 'p50', 'p95'];
  return [
    `${from} – ${to} (${tz})\n`,
    table([{ ...sum, passed }], ['calls', 'minutes', 'medianDuration', 'p50', 'p95', 'toolsFailed', 'escalated', 'passed']), // prettier-ignore
    table(stats.buckets.map(percentiles), ['at', ...numbers]),
    table(stats.agents.map(percentiles), ['agent', ...numbers, 'medianDuration']),
    table(stats.reasons, ['reason', 'calls']),
  ].join('\n');
}

const percentiles = <Row extends { latency: Stats['latency'] }>(row: Row) => ({
  ...row,
  p50: row.latency?.p50,
  p95: row.latency?.p95,
});
