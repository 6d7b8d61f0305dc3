/**
 * Pools of connections whose errors have a class. For a connection that is cut or late, the driver throws plain
 * `Error`s that differ in their words alone. Here they become {@link DatabaseUnreachable}, whoever asked, Prisma
 * included.
 *
 * A connection over which the database failed is not used again. The server behind it may have been demoted or made
 * read-only, while the same address leads to another server by now.
 */
import { types } from 'node:util';
import pg from 'pg';
import { type ClientOptions, DatabaseClient, connectMsOf } from './database-client.js';
import { DatabaseUnreachable, blameOf } from './database-errors.js';

type Method = (...parameters: unknown[]) => unknown;

const methodOf = (prototype: object, name: string) => Reflect.get(prototype, name) as Method;
const clientQuery = methodOf(pg.Client.prototype, 'query');
const poolQuery = methodOf(pg.Pool.prototype, 'query');
const poolConnect = methodOf(pg.Pool.prototype, 'connect');

/** Errors of the language: a bug, not an answer of the database. */
const BUGS = new Set(['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError']);

class Connection extends DatabaseClient {
  /** Why the connection must not be used again. */
  fault: Error | undefined;

  override query = ((...parameters: unknown[]) =>
    withClass(Reflect.apply(clientQuery, this, parameters), (error) => {
      if (blameOf(error) === 'database') this.fault = error;
    })) as pg.Client['query'];
}

export class Connections extends pg.Pool {
  /**
   * `prepare`: what a new connection goes through before it is used. The pool waits for it, and closes the connection
   * if it rejects.
   */
  constructor(
    private readonly of: ClientOptions,
    { prepare, ...limits }: { max: number; min: number; prepare: (client: DatabaseClient) => Promise<void> },
  ) {
    const Client = Connection as unknown as new () => pg.ClientBase;
    const onConnect = (client: pg.ClientBase): unknown => prepare(client as DatabaseClient);
    super({ ...of, ...limits, Client, onConnect, connectionTimeoutMillis: connectMsOf(of.ways) });
  }

  /** The pool itself closes a connection over which it failed. */
  override query = ((...parameters: unknown[]) =>
    withClass(Reflect.apply(poolQuery, this, parameters))) as pg.Pool['query'];

  /** The pool itself asks with a callback. */
  override connect = ((callback?: (error?: Error, client?: Connection, release?: Release) => void) => {
    const connecting = withClass(this.of.ways.reach(async () => closedWhenFaulty(await this.connectOnce())));
    if (callback === undefined) return connecting;
    (connecting as Promise<Connection & { release: Release }>).then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }) as pg.Pool['connect'];

  private connectOnce(): Promise<unknown> {
    return Reflect.apply(poolConnect, this, []) as Promise<unknown>;
  }
}

type Release = (error?: unknown) => void;

/** The pool asks its own clients by callback; the pool's own method returns a promise. */
function withClass(result: unknown, seen: (error: Error) => void = () => undefined): unknown {
  if (!(result instanceof Promise)) return result;
  return result.catch((thrown: unknown) => {
    const error = classified(thrown);
    seen(error);
    throw error;
  });
}

/** PostgreSQL's answers keep their code, and bugs their class. */
function classified(thrown: unknown): Error {
  const error = types.isNativeError(thrown) ? thrown : new Error(String(thrown));
  const hasClass = error instanceof pg.DatabaseError || error instanceof DatabaseUnreachable || BUGS.has(error.name);
  return hasClass ? error : new DatabaseUnreachable(error);
}

function closedWhenFaulty(client: unknown): unknown {
  if (!(client instanceof Connection)) return client;
  const release = methodOf(client, 'release');
  return Object.assign(client, { release: (error?: unknown) => release(error ?? client.fault) });
}
