/**
 * Pools of connections whose errors have a class: the driver's own, for a connection that is cut or late, are plain `Error`s told
 * apart by words alone. Here they become {@link DatabaseUnreachable}, whoever asked, Prisma included.
 *
 * A connection over which the database failed is not used again: behind it may be a server that was demoted, or told to be
 * read-only, while the same address leads to another one by now.
 */
import { types } from 'node:util';
import pg from 'pg';
import { DatabaseUnreachable, blameOf } from './database-errors.js';

type Method = (...parameters: unknown[]) => unknown;

const methodOf = (prototype: object, name: string) => Reflect.get(prototype, name) as Method;
const clientQuery = methodOf(pg.Client.prototype, 'query');
const poolQuery = methodOf(pg.Pool.prototype, 'query');
const poolConnect = methodOf(pg.Pool.prototype, 'connect');

/** Of the language: a bug, and no word of the database. */
const BUGS = new Set(['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError']);

class Connection extends pg.Client {
  /** Why it is not to be used again. */
  fault: Error | undefined;

  override query = ((...parameters: unknown[]) =>
    withClass(Reflect.apply(clientQuery, this, parameters), (error) => {
      if (blameOf(error) === 'database') this.fault = error;
    })) as pg.Client['query'];
}

export class Connections extends pg.Pool {
  constructor(options: pg.PoolConfig) {
    super({ ...options, Client: Connection });
  }

  /** The pool itself closes a connection over which it failed. */
  override query = ((...parameters: unknown[]) =>
    withClass(Reflect.apply(poolQuery, this, parameters))) as pg.Pool['query'];

  override connect = ((...parameters: unknown[]) => {
    const connecting = withClass(Reflect.apply(poolConnect, this, parameters));
    return connecting instanceof Promise ? connecting.then(closedWhenFaulty) : connecting;
  }) as pg.Pool['connect'];
}

/** What comes by a callback, as the pool asks its own clients, comes out of the pool's own method as a promise. */
function withClass(result: unknown, seen: (error: Error) => void = () => undefined): unknown {
  if (!(result instanceof Promise)) return result;
  return result.catch((thrown: unknown) => {
    const error = classified(thrown);
    seen(error);
    throw error;
  });
}

/** What PostgreSQL answered keeps its code, and a bug its class. */
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
