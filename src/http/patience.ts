/** How a request waits in any line: for as long as somebody wants its answer (http/answers.ts). */
import { ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { Response } from 'express';
import type { Patience } from '../common/fair-slots.js';
import { GONE, signalOf } from './answers.js';
import { untilClosed } from './until-closed.js';

export const ClientPatience = createParamDecorator((_: unknown, context: ExecutionContext): Patience => ({
  until: signalOf(context.switchToHttp().getResponse<Response>()),
  isEndless: false,
}));

/** Of a stream that is not open yet: for as long as its client is there. */
export function whileConnected(response: Response): Patience {
  const connected = new AbortController();
  untilClosed(response, () => connected.abort(GONE));
  return { until: connected.signal, isEndless: true };
}
