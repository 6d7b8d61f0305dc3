/** One JSON object a line, for log collectors: `level`, `time` (ISO 8601), `pid`, `hostname`, `context`, `message`. */
import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, type Logger, multistream, pino } from 'pino';
import { type Redact, SECRET_PATHS } from './redaction.js';

export interface LogStreams {
  readonly out: DestinationStream;
  /** Errors only. */
  readonly err: DestinationStream;
}

export class JsonLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(redact: Redact, { out, err }: LogStreams = { out: process.stdout, err: process.stderr }) {
    const streams = multistream([{ stream: out }, { stream: err, level: 'error' }], { dedupe: true });
    const options = {
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      redact: SECRET_PATHS,
      hooks: { streamWrite: redact },
    };
    this.pino = pino(options, streams);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest calls a logger with the message, then what belongs to it (an error's stack is text), then the context. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
    const things = (context === undefined ? rest : rest.slice(0, -1)).filter((thing) => thing !== undefined);
    const stack = things.find((thing) => typeof thing === 'string');
    const data = things.filter((thing) => typeof thing !== 'string');
    const fields = { context, stack, ...(data.length > 0 ? { data: data.length === 1 ? data[0] : data } : {}) };
    if (message instanceof Error) this.pino[level]({ ...fields, err: message }, message.message);
    else if (typeof message === 'string') this.pino[level](fields, message);
    else this.pino[level]({ ...fields, data: message }, '');
  }
}
