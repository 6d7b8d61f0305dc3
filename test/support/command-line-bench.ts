/** A running server, and commands run against it as its operator from a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandRun, type RunOptions } from './command-line.js';
import { Switchboard } from './switchboard.js';

export class CommandLineBench {
  private readonly commands: CommandRun[] = [];

  private constructor(
    readonly board: Switchboard,
    /** Where commands run; `token` in it is the operator's. */
    readonly folder: string,
  ) {}

  static async start(variables: Record<string, string> = {}): Promise<CommandLineBench> {
    const limits = { STREAM_PING_SECONDS: '1', LIMIT_REQUESTS_PER_SECOND: '1000' };
    const board = await Switchboard.start({ ...limits, ...variables });
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-cli-'));
    writeFileSync(join(folder, 'token'), `${board.adminToken}\n`);
    return new CommandLineBench(board, folder);
  }

  async stop(): Promise<void> {
    await Promise.all(this.commands.map((command) => command.signal('SIGKILL')));
    await this.board.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** A command that goes on until it is told to stop. */
  begin(args: readonly string[], { variables, ...options }: RunOptions = {}): CommandRun {
    const given = { SWITCHBOARD_URL: this.board.url, SWITCHBOARD_TOKEN: this.board.adminToken, ...variables };
    const command = new CommandRun(args, { cwd: this.folder, variables: given, ...options });
    this.commands.push(command);
    return command;
  }

  async run(args: readonly string[], options: RunOptions = {}) {
    const command = this.begin(args, options);
    const code = await command.exited;
    return { code, stdout: command.stdout, stderr: command.stderr };
  }

  /** What it printed, of a command that must succeed. */
  async said(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }
}
