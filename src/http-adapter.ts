/**
 * Express as Nest drives it, for a server whose responses live for an hour. Express gives every request and response a
 * prototype of its app's after they are made, and V8 then keeps a shape for each: 2.7 KB a stream. Here they are made with
 * that prototype. Connections are counted by the server itself, not by a listener on each.
 */
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express, type Response } from 'express';
import { IncomingMessage, type OutgoingHttpHeaders, type Server, ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Answers } from './http/answers.js';
import { Sockets } from './http/sockets.js';
import { inTurn, takesTurn } from './http/turns.js';

/**
 * Connections that may wait to be accepted. After a restart thousands come at once; beyond Node's own 511 the kernel leaves
 * some out, who believe that they are connected and are reset 15 s later. The system may have a lower limit (`somaxconn`).
 */
const BACKLOG = 4096;

/**
 * How long a client may take to send its headers, and the whole of its request; and how often that is looked at. Balancers keep
 * connections to us, and send the next request on one that has been idle for as long as they think fit: 60 s mostly, 90 s (Go),
 * 600 s (Google's). Whoever closes first resets the other one's request, so it is not to be us; idle connections are bounded
 * in number instead (http/sockets.ts).
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

  /** `ownTarget`: what a request asks for by our own paths, see config/public-url.ts. */
  constructor(private readonly ownTarget: (target: string) => string) {
    super(express());
  }

  override initHttpServer(): void {
    const app = this.getInstance<Express>();
    const { sockets, answers } = this;
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
      app(request, response);
    });
    // Node would ask for every body; here it is asked for when it is read (http/bodies.ts).
    const options = { ...TIMES, IncomingMessage: LastingRequest, ServerResponse: LastingResponse };
    this.httpServer = createServer(options, serve).on('checkContinue', serve);
    sockets.watch(this.httpServer, (address) => (app.get('trust proxy fn') as Trust)(address, 0));
  }

  override listen(port: string | number, ...rest: (string | (() => void) | undefined)[]): Server {
    const listening = rest.pop() as (() => void) | undefined;
    const server = this.httpServer as Server;
    return server.listen({ port: Number(port), host: rest[0] as string | undefined, backlog: BACKLOG }, listening);
  }

  /** Resolves when every connection is gone; those that are open are cut. */
  override async close(): Promise<undefined> {
    const closed = super.close();
    if ('closeAllConnections' in this.httpServer) this.httpServer.closeAllConnections();
    await closed;
  }
}

/** Express's own: whether it believes what this hop says of whom it forwards. */
type Trust = (address: string, hop: number) => boolean;

type End = (this: Response, ...parameters: unknown[]) => Response;

/** Every answer that is handed over whole passes here; one that is piped waits for its reader by itself. */
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

/** Puts Express's methods between a class of ours and Node's: what Express then asks for is so already. */
function adopt<Prototype extends object>(own: object, expressPrototype: Prototype): Prototype {
  return Object.setPrototypeOf(own, expressPrototype) as Prototype;
}

/**
 * Nest writes a longer Cache-Control on streams; the contract names another. It also says `Connection: keep-alive` to clients
 * that asked for `close`, and their sockets would outlive their streams; without it Node answers what was asked.
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
