import { ConsoleLogger } from '@nestjs/common';

/** What the framework says while it assembles itself: true, and of no use to an operator. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Readable lines on a terminal, JSON lines elsewhere; without the framework's own start-up lines. */
export class SwitchboardLogger extends ConsoleLogger {
  constructor(isTerminal: boolean) {
    super({
      prefix: 'switchboard',
      json: !isTerminal,
      colors: isTerminal,
      logLevels: ['log', 'warn', 'error', 'fatal'],
    });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context !== 'string' || !FRAMEWORK.has(context)) super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    // A start that failed: main.ts says so, in one line.
    if (rest.at(-1) !== 'ExceptionHandler') super.error(message, ...rest);
  }
}
