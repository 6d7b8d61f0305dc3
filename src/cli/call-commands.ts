import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { contextOf, path } from './context.js';
import { UsageError } from './environment.js';
import { print } from './output.js';

const progressSchema = z.looseObject({ state: z.string(), percent: z.number().optional() });
const readySchema = z.looseObject({ calls: progressSchema });

interface Erase {
  readonly tenant?: string;
  readonly unassigned?: boolean;
  readonly yes?: boolean;
}

/** How often the server is asked about its progress. */
const ASK_MS = 500;

/** What an operator does with calls: with all of them, or with one for good. */
export function addCallCommands(program: Command): void {
  const calls = program.command('calls').description('calls: make them anew from the log, erase one');
  calls
    .command('rebuild')
    .description('make calls, transcripts and tools anew from the log; readers are answered all the while')
    .option('--no-wait', 'begin, and do not wait for the end')
    .action(async ({ wait: waits }: { wait: boolean }, command: Command) => {
      const { api, isJson } = contextOf(command);
      let progress = await api.request('POST', '/v1/admin/calls/rebuild', progressSchema);
      while (waits && progress.percent !== undefined) {
        if (!isJson) process.stderr.write(`${progress.percent} %\n`);
        await wait(ASK_MS);
        progress = (await api.request('GET', '/readyz', readySchema)).calls;
      }
      print(isJson, progress, () => (waits ? 'done\n' : 'begun\n'));
    });
  calls
    .command('erase <call>')
    .description('erase what was said in a call; its numbers stay in the log, empty')
    .option('--tenant <tenant>', 'whose call is meant, where several tenants have one of that id')
    .option('--unassigned', 'the call that nobody owns is meant')
    .option('--yes', 'really')
    .action(async (call: string, { tenant, unassigned, yes }: Erase, command: Command) => {
      if (!yes) throw new UsageError(`this erases the call ${call} for ever; say --yes if that is what you want`);
      const whose =
        tenant !== undefined ? `?tenant=${encodeURIComponent(tenant)}` : unassigned ? '?unassigned=true' : '';
      await contextOf(command).api.request('DELETE', path`/v1/admin/calls/${call}` + whose, z.undefined());
    });
}
