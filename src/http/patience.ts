/** How long a request waits in any line: while somebody wants its answer (http/answers.ts). */
import { ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { Response } from 'express';
import type { Patience } from '../common/fair-slots.js';
import { GONE, signalOf } from './answers.js';
import { untilClosed } from './until-closed.js';

export const ClientPatience = createParamDecorator((_: unknown, context: ExecutionContext): Patience => ({
  until: signalOf(context.switchToHttp().getResponse<Response>()),
  isEndless: false,
}));

/** For a stream that is not open yet: while its client is connected. */
export function whileConnected(response: Response): Patience {
  const connected = new AbortController();
  untilClosed(response, () => connected.abort(GONE));
  return { until: connected.signal, isEndless: true };
}
