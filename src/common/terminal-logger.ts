import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { inspect } from 'node:util';
import { type Redact, SECRET_NAMES } from './redaction.js';

/** Readable, coloured lines for a person at a terminal. */
export class TerminalLogger extends ConsoleLogger {
  constructor(private readonly redactText: Redact) {
    super({
      prefix: 'switchboard',
      colors: true,
      logLevels: ['log', 'warn', 'error', 'fatal'],
      redact: [...SECRET_NAMES],
    });
  }

  /** Before colouring: colour codes would stand between a name and its value. */
  protected override stringifyMessage(message: unknown, logLevel: LogLevel): string {
    const text = typeof message === 'string' ? message : inspect(message, { ...this.inspectOptions, colors: false });
    return super.stringifyMessage(this.redactText(text), logLevel);
  }

  protected override stringifyParams(params: Record<string, unknown>): string {
    return this.redactText(inspect(params, { ...this.inspectOptions, colors: false, breakLength: Infinity }));
  }

  protected override printStackTrace(stack: string): void {
    super.printStackTrace(stack && this.redactText(stack));
  }
}
