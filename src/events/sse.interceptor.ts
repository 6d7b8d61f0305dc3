/**
 * Lets an `@Sse()` handler emit finished frames. Nest's own writer formats every message for every reader and numbers what
 * has no id by a counter of its own, which would rewind a browser's cursor; so it is given nothing to write. It keeps the
 * rest: headers, the client's disconnect, the exception filters as long as no frame has gone out.
 */
import {
  CallHandler,
  ExecutionContext,
  Injectable,
  Logger,
  NestInterceptor,
  createParamDecorator,
} from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import { Observable } from 'rxjs';
import { closingFrame, toProblem } from '../common/problem.filter.js';
import { Outlet } from './outlet.js';

interface StreamRequest extends Request {
  outlet?: Outlet;
}

/** The {@link Outlet} of the request, in a handler behind {@link SseInterceptor}. */
export const StreamOutlet = createParamDecorator((_: unknown, context: ExecutionContext): Outlet => {
  const { outlet } = context.switchToHttp().getRequest<StreamRequest>();
  if (outlet === undefined) throw new Error('StreamOutlet needs SseInterceptor');
  return outlet;
});

@Injectable()
export class SseInterceptor implements NestInterceptor<Buffer, MessageEvent> {
  private readonly logger = new Logger('Streams');

  intercept(context: ExecutionContext, next: CallHandler<Buffer>): Observable<MessageEvent> {
    const response = context.switchToHttp().getResponse<Response>();
    const request = context.switchToHttp().getRequest<StreamRequest>();
    const outlet = new Outlet(response);
    request.outlet = outlet;
    setContractHeaders(response);
    return new Observable((nest) => {
      const subscription = next.handle().subscribe({
        next: (frame) => {
          // Headers go out with the framework's first write; a comment asks for it without an id or data.
          if (!response.headersSent) nest.next({ comment: 'switchboard' });
          if (!outlet.write(frame)) outlet.cut();
        },
        error: (error: unknown) => {
          if (!response.headersSent) return nest.error(error);
          this.logger.error('a stream failed', error instanceof Error ? error.stack : undefined);
          response.write(closingFrame(toProblem(error)));
          nest.complete();
        },
        complete: () => nest.complete(),
      });
      return subscription;
    });
  }
}

/** Nest writes a longer Cache-Control of its own; the contract names this one. */
function setContractHeaders(response: Response): void {
  const writeHead = response.writeHead.bind(response) as (status: number, headers?: OutgoingHttpHeaders) => Response;
  response.writeHead = ((status: number, headers?: OutgoingHttpHeaders) => {
    const { Pragma: _pragma, Expires: _expires, ...rest } = headers ?? {};
    const isStream = rest['Content-Type'] === 'text/event-stream';
    return writeHead(status, isStream ? { ...rest, 'Cache-Control': 'no-cache, no-transform' } : headers);
  }) as typeof response.writeHead;
}
