/** `npx switchboard …`: for operators who have only a shell. A client of the HTTP API and nothing else. */
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { whenOrphaned } from '../common/orphaned.js';
import { VERSION } from '../common/version.js';
import { addAgentCommands } from './agent-commands.js';
import { ApiError, causeOf } from './api.js';
import { addCallCommands } from './call-commands.js';
import { addDoctorCommand } from './doctor.js';
import { UsageError, isInShell } from './environment.js';
import { addIngestCommand } from './ingest-command.js';
import { addLimitCommands } from './limit-commands.js';
import { addLinkCommand } from './link-command.js';
import { addListenCommand } from './listen.js';
import { addOperationCommands } from './operation-commands.js';
import { bearLostReaders, safe } from './output.js';
import { addStatsCommand } from './stats-command.js';
import { addTailCommand } from './tail.js';
import { addTenantCommands } from './tenant-commands.js';
import { addTokenCommands } from './token-commands.js';
import { addWebhookCommands } from './webhook-commands.js';

const program = new Command('switchboard')
  .description('Manage a running Switchboard, and watch it.')
  .version(VERSION)
  .option('--url <url>', 'the server (default: SWITCHBOARD_URL, or the one in this folder’s .switchboard)')
  .option('--token-file <file>', 'file with a token (default: SWITCHBOARD_TOKEN, or .switchboard/admin-token)')
  .option('--json', 'print answers as JSON')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();
addTenantCommands(program);
addTokenCommands(program);
addLinkCommand(program);
addAgentCommands(program);
addTailCommand(program);
addWebhookCommands(program);
addListenCommand(program);
addCallCommands(program);
addStatsCommand(program);
addIngestCommand(program);
addLimitCommands(program);
addDoctorCommand(program);
addOperationCommands(program);

/** 1: it could not be done; 2: the command line was wrong. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`switchboard: ${messageOf(error)}\n`);
  return error instanceof UsageError || (error instanceof ApiError && error.slug === 'validation') ? 2 : 1;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TypeError && error.cause instanceof Error)
    return `the server cannot be reached (${causeOf(error.cause)})`;
  if (error instanceof z.ZodError) return 'the answer was not what was expected; is the server the same version?';
  return error.message.split('\n').map(safe).join('\n');
}

bearLostReaders();
whenOrphaned(isInShell(), () => process.exit(1));
try {
  for (const command of every(program)) command.exitOverride();
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function every(command: Command): Command[] {
  return [command, ...command.commands.flatMap(every)];
}
