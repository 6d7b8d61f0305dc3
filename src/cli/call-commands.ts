import { setTimeout as wait } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { type Call, callRowSchema, callRows, callSchema, callText } from './call-text.js';
import { contextOf, ownTenant, path, query } from './context.js';
import { UsageError } from './environment.js';
import { SURE, print, printAsRead, table } from './output.js';

const progressSchema = z.looseObject({ state: z.string(), percent: z.number().optional() });
const readySchema = z.looseObject({ calls: progressSchema });
const pageSchema = z.looseObject({
  calls: z.array(callRowSchema),
  next: z.string().nullable(),
  searchedSince: z.string().optional(),
});

/** Which call is meant: several tenants may have one of that id. */
interface Whose {
  readonly tenant?: string;
  readonly unassigned?: boolean;
}

/** How often the server is asked about its progress. */
const ASK_MS = 500;

const WHOSE = 'the tenant, if several have a call with this ID';
const OF_NOBODY = 'the call that nobody owns';
const whoseQuery = ({ tenant, unassigned }: Whose) => ({ tenant, unassigned: unassigned ? 'true' : undefined });

/** What was said in calls; and what an operator does with all of them, or with one for good. */
export function addCallCommands(program: Command): void {
  const calls = program.command('calls').description('calls: list, show, rebuild from the log, erase');
  addList(calls);
  addShow(calls);
  addRebuild(calls);
  addErase(calls);
}

interface ListOptions extends Whose {
  readonly agent?: string;
  readonly [filter: string]: string | boolean | undefined;
}

function addList(calls: Command): void {
  calls
    .command('list')
    .description('list calls, newest first; a tenant’s own token lists its own')
    .option('--tenant <tenants>', 'operators only: only these tenants, separated by commas')
    .option('--unassigned', 'operators only: calls that nobody owns')
    .option('--agent <agents>', 'only these, separated by commas')
    .addOption(new Option('--state <state>', 'only these').choices(['live', 'ended']))
    .option('--q <words>', 'search transcripts and callers: words, "a phrase", -not, or')
    .option('--from <time>', 'calls that began at this time or later, such as 2026-11-27 or 2026-11-27T09:00:00Z')
    .option('--to <time>', 'calls that began before this time')
    .option('--flag <flags>', 'only calls with all of these: slow, toolFailed, escalated, lowScore, lost, incomplete')
    .addOption(new Option('--sort <order>', 'the order').choices(['newest', 'slowest', 'longest']))
    .option('--limit <n>', 'maximum number of rows', '50')
    .option('--cursor <next>', 'continue where a list ended')
    .action(async ({ tenant, unassigned, agent, ...filters }: ListOptions, command: Command) => {
      const { api, isJson } = contextOf(command);
      const isOperators = tenant !== undefined || unassigned || (await ownTenant(api)) === null;
      const whose = { tenants: tenant, unassigned: unassigned ? 'true' : undefined };
      const asked = query({ ...whose, agents: agent, ...(filters as Record<string, string>) });
      const read = await api.read('GET', `/v1${isOperators ? '/admin' : ''}/calls${asked}`, pageSchema);
      const columns = ['startedAt', 'callId', ...(isOperators ? ['tenant'] : []), ...callRows.columns];
      printAsRead(isJson, read, ({ calls: rows }) => table(rows.map(callRows.of), columns));
      const { next, searchedSince } = read.answer;
      const far = searchedSince === undefined ? '' : `searched back to ${searchedSince}; `;
      if (next !== null && !isJson) process.stderr.write(`${far}more: --cursor ${next}\n`);
    });
}

function addShow(calls: Command): void {
  calls
    .command('show <call>')
    .description('show one call: its transcript, tools and quality')
    .option('--tenant <tenant>', `operators only: ${WHOSE}`)
    .option('--unassigned', `operators only: ${OF_NOBODY}`)
    .option('--before <earlier>', 'the previous page of a long call')
    .action(async (id: string, { before, ...whose }: Whose & { before?: string }, command: Command) => {
      const { api, isJson } = contextOf(command);
      const isOperators = whose.tenant !== undefined || whose.unassigned || (await ownTenant(api)) === null;
      const place = isOperators ? path`/v1/admin/calls/${id}` : path`/v1/calls/${id}`;
      const asked = query({ before, ...(isOperators ? whoseQuery(whose) : {}) });
      const read = await api.read<Call>('GET', place + asked, callSchema);
      printAsRead(isJson, read, callText);
      const { earlier } = read.answer;
      if (earlier !== null && !isJson) process.stderr.write(`what was said before: --before ${earlier}\n`);
    });
}

function addRebuild(calls: Command): void {
  calls
    .command('rebuild')
    .description('rebuild calls, transcripts and tools from the log; the server keeps answering')
    .option('--no-wait', 'start, and do not wait until it is done')
    .action(async ({ wait: waits }: { wait: boolean }, command: Command) => {
      const { api, isJson } = contextOf(command);
      let progress = await api.request('POST', '/v1/admin/calls/rebuild', progressSchema);
      while (waits && progress.percent !== undefined) {
        if (!isJson) process.stderr.write(`${progress.percent}%\n`);
        await wait(ASK_MS);
        progress = (await api.request('GET', '/readyz', readySchema)).calls;
      }
      print(isJson, progress, () => (waits ? 'done\n' : 'begun\n'));
    });
}

function addErase(calls: Command): void {
  calls
    .command('erase <call>')
    .description('erase what was said in a call; its entries stay in the log, empty')
    .option('--tenant <tenant>', WHOSE)
    .option('--unassigned', OF_NOBODY)
    .option('--yes', SURE)
    .action(async (call: string, { yes, ...whose }: Whose & { yes?: boolean }, command: Command) => {
      if (!yes) throw new UsageError(`this permanently erases the call ${call}; add --yes to confirm`);
      const place = path`/v1/admin/calls/${call}` + query(whoseQuery(whose));
      await contextOf(command).api.request('DELETE', place, z.undefined());
    });
}
