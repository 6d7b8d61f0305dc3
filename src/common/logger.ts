import type { LoggerService } from '@nestjs/common';
import { JsonLogger } from './json-logger.js';
import { redactor } from './redaction.js';
import { TerminalLogger } from './terminal-logger.js';

/** Messages of the framework while it starts: true, but useless to an operator. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * Readable lines on a terminal, JSON lines elsewhere; without the framework's own start-up lines, and without secrets.
 * `secrets`: those of the configuration, which are recognised by their value.
 */
export function createLogger(isTerminal: boolean, secrets: readonly (string | undefined)[] = []): LoggerService {
  const redact = redactor(secrets);
  return withoutFramework(isTerminal ? new TerminalLogger(redact) : new JsonLogger(redact));
}

export function withoutFramework(logger: Required<Pick<LoggerService, 'fatal'>> & LoggerService): LoggerService {
  return {
    log: (message: unknown, ...rest: unknown[]) => {
      const context = rest.at(-1);
      if (typeof context !== 'string' || !FRAMEWORK.has(context)) logger.log(message, ...rest);
    },
    warn: (message: unknown, ...rest: unknown[]) => void logger.warn(message, ...rest),
    error: (message: unknown, ...rest: unknown[]) => {
      // A failed start: main.ts reports it in one line.
      if (rest.at(-1) !== 'ExceptionHandler') logger.error(message, ...rest);
    },
    fatal: (message: unknown, ...rest: unknown[]) => void logger.fatal(message, ...rest),
  };
}
