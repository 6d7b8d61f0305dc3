/**
 * Nest's adapter for Express, for a server whose responses live for an hour. Express changes the prototype of every
 * request and response after they are made, and V8 then keeps a shape for each: 2.7 KB a stream. Here they are made
 * with that prototype. The server itself counts connections, not a listener on each.
 */
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express, type Response } from 'express';
import { IncomingMessage, type OutgoingHttpHeaders, type Server, ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Answers } from './http/answers.js';
import { Discards } from './http/discards.js';
import { Sockets } from './http/sockets.js';
import { inTurn, takesTurn } from './http/turns.js';

/**
 * Connections that may wait to be accepted. After a restart thousands come at once. Beyond Node's own 511 the kernel
 * drops some of them; their clients believe that they are connected, and are reset 15 s later. The system may have a
 * lower limit (`somaxconn`).
 */
const BACKLOG = 4096;

/**
 * How long a client may take to send its headers and its whole request, and how often that is checked. Balancers keep
 * connections to us and reuse one that has been idle for as long as they see fit: 60 s mostly, 90 s (Go), 600 s
 * (Google's). The side that closes first resets the other's request, so we must not be that side. Idle connections are
 * bounded in number instead (http/sockets.ts).
 */
const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 620_000,
};

export class StreamingExpressAdapter extends ExpressAdapter {
  readonly sockets = new Sockets();
  readonly answers = new Answers();

  /** `ownTarget`: turns a request's target into one of our own paths, see config/public-url.ts. */
  constructor(private readonly ownTarget: (target: string) => string) {
    super(express());
  }

  override initHttpServer(): void {
    const app = this.getInstance<Express>();
    const { sockets, answers } = this;
    const discards = new Discards();
    class LastingRequest extends IncomingMessage {}
    class LastingResponse extends ServerResponse {
      override assignSocket(socket: Socket): void {
        super.assignSocket(socket);
        takesTurn(this);
      }
    }
    app.request = adopt(LastingRequest.prototype, app.request);
    app.response = adopt(LastingResponse.prototype, app.response);
    keepContractHeaders(app.response);
    countAnswers(app.response, answers);
    const serve = inTurn((request, response) => {
      request.url = this.ownTarget(request.url ?? '/');
      sockets.begin(response);
      discards.watch(request, response);
      app(request, response);
    });
    // Node would ask for every body at once; here a body is asked for when it is read (http/bodies.ts).
    const options = { ...TIMES, IncomingMessage: LastingRequest, ServerResponse: LastingResponse };
    this.httpServer = createServer(options, serve).on('checkContinue', serve);
    sockets.watch(this.httpServer, (address) => (app.get('trust proxy fn') as Trust)(address, 0));
  }

  override listen(port: string | number, ...rest: (string | (() => void) | undefined)[]): Server {
    const listening = rest.pop() as (() => void) | undefined;
    const server = this.httpServer as Server;
    return server.listen({ port: Number(port), host: rest[0] as string | undefined, backlog: BACKLOG }, listening);
  }

  /** Resolves when every connection is gone; open ones are cut. */
  override async close(): Promise<undefined> {
    const closed = super.close();
    if ('closeAllConnections' in this.httpServer) this.httpServer.closeAllConnections();
    await closed;
  }
}

/** Express's own setting: whether it believes what this hop says about the client. */
type Trust = (address: string, hop: number) => boolean;

type End = (this: Response, ...parameters: unknown[]) => Response;

/** Every answer that is sent whole passes here. A piped answer waits for its reader by itself. */
function countAnswers(prototype: Response, answers: Answers): void {
  const { end } = ServerResponse.prototype as unknown as { end: End };
  (prototype as unknown as { end: End }).end = function (this: Response, ...parameters: unknown[]): Response {
    const [body] = parameters;
    const isBody = typeof body === 'string' || body instanceof Uint8Array;
    if (isBody && !this.headersSent) answers.hand(this, Buffer.byteLength(body));
    return end.apply(this, parameters);
  };
}

type WriteHead = (this: Response, ...parameters: unknown[]) => Response;

/** Puts Express's methods between our class and Node's, so that Express finds the prototype that it would set. */
function adopt<Prototype extends object>(own: object, expressPrototype: Prototype): Prototype {
  return Object.setPrototypeOf(own, expressPrototype) as Prototype;
}

/**
 * Nest sends a longer Cache-Control on streams than the contract names. It also sends `Connection: keep-alive` to
 * clients that asked for `close`, and their sockets would outlive their streams. Without it Node answers what was
 * asked.
 */
function keepContractHeaders(prototype: Response): void {
  const { writeHead } = ServerResponse.prototype as unknown as { writeHead: WriteHead };
  prototype.writeHead = function (this: Response, status: number, ...rest: unknown[]): Response {
    const headers = rest.at(-1) as OutgoingHttpHeaders | undefined;
    if (headers?.['Content-Type'] !== 'text/event-stream') return writeHead.call(this, status, ...rest);
    const { Pragma: _pragma, Expires: _expires, Connection: _connection, ...kept } = headers;
    return writeHead.call(this, status, { ...kept, 'Cache-Control': 'no-cache, no-transform' });
  };
}
