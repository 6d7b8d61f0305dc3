/**
 * Whose fault an error is. Security rule 25: only what an event itself does wrong is held against it. Everything else that a
 * database says, or fails to say, is the database's, known to us or not: who waits for it tries again, and nothing is acknowledged.
 *
 * Told apart by code and class. Words are for people, and differ by version, language and layer.
 * SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
import pg from 'pg';
import { Prisma } from './generated/client.js';

/** The way to the database failed: a connection that is cut, late, refused, not resolved, not trusted. */
export class DatabaseUnreachable extends Error {
  /** Node's or OpenSSL's, where one was given. */
  readonly code: string | undefined;

  constructor(cause: Error & { readonly code?: unknown }) {
    // A refused connection to several addresses is an AggregateError without a message of its own.
    const { errors: [first = cause] = [] } = cause as { errors?: Error[] };
    super(first.message, { cause });
    this.code = typeof cause.code === 'string' ? cause.code : undefined;
  }
}

/** `input`: what was sent in, and it fails again. `database`: it may pass. `ours`: a bug. */
export type Blame = 'input' | 'database' | 'ours';

/** Data exception: a value that its type does not take. */
const DATA = /^22/;
const NOT_NULL = '23502';
const CHECK = '23514';
/** The log, of which each partition is a table. */
const LOG = /^log_events(_\d+)?$/;
/** Of the log, what a sender fills; the rest is ours to fill. */
const SENDERS_COLUMNS = new Set(['agent', 'call_id', 'type', 'at', 'data']);
/** As PostgreSQL names the CHECK of a column. */
const SENDERS_CHECKS = new Set([...SENDERS_COLUMNS].map((column) => `log_events_${column}_check`));
/** Data, constraints, limits of the program, a trigger's own word: what the same rows meet again. */
const BY_THE_ROWS = /^(22|23|54|P0)/;

/** Prisma's own for a database that gives no transaction in time: https://www.prisma.io/docs/orm/reference/error-reference */
const PRISMA_AWAY = /^(P1\d{3}|P2024|P2028|P2034|P2037)$/;
const PRISMA = /^P\d{4}$/;

export function blameOf(error: unknown): Blame {
  const code = sqlStateOf(error);
  if (code !== undefined) return DATA.test(code) || breaksSendersConstraint(error) ? 'input' : 'database';
  return isDatabases(error) ? 'database' : 'ours';
}

/**
 * For who reads the log and writes what follows from it: true where trying again with the same rows is in vain, so that one of them
 * is passed over. The log still has it. Never for who takes events in: there it would be a loss.
 */
export function isForTheRows(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === undefined ? !isDatabases(error) : BY_THE_ROWS.test(code);
}

/** SQLSTATE, or what Node, OpenSSL or Prisma call it; undefined for an error that has no code. */
export function codeOf(error: unknown): string | undefined {
  const code = sqlStateOf(error) ?? adapterFault(error)?.kind ?? (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What PostgreSQL answered, by whichever driver; undefined: it was not PostgreSQL who failed. */
function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : adapterFault(error)?.originalCode;
}

interface AdapterFault {
  readonly kind: string;
  /** SQLSTATE; absent where the way to the server failed. */
  readonly originalCode?: string;
}

/** What Prisma's driver adapter said, which all of Prisma's errors carry that are not its own. */
function adapterFault(error: unknown): AdapterFault | undefined {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return undefined;
  return (error.meta as { driverAdapterError?: { cause?: AdapterFault } } | undefined)?.driverAdapterError?.cause;
}

function breaksSendersConstraint(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || !LOG.test(error.table ?? '')) return false;
  if (error.code === NOT_NULL) return SENDERS_COLUMNS.has(error.column ?? '');
  return error.code === CHECK && SENDERS_CHECKS.has(error.constraint ?? '');
}

function isDatabases(error: unknown): boolean {
  // What has a code of Node's Prisma hands on under that code.
  if (error instanceof Prisma.PrismaClientKnownRequestError)
    return adapterFault(error) !== undefined || PRISMA_AWAY.test(error.code) || !PRISMA.test(error.code);
  return (
    error instanceof DatabaseUnreachable ||
    error instanceof Prisma.PrismaClientInitializationError ||
    error instanceof Prisma.PrismaClientUnknownRequestError
  );
}
