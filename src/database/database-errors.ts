/**
 * Whose fault an error is. Security rule 25: only what an event itself does wrong is held against it. Every other error
 * of the database, known to us or not, is the database's own: callers that wait for it try again, and nothing is
 * acknowledged.
 *
 * Errors are told apart by code and class. Words are for people, and differ by version, language and layer.
 * SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
import pg from 'pg';
import { Prisma } from './generated/client.js';

/** The way to the database failed: the connection was cut, late or refused, or its host not resolved or not trusted. */
export class DatabaseUnreachable extends Error {
  /** The code of Node or OpenSSL, if there is one. */
  readonly code: string | undefined;

  constructor(cause: Error & { readonly code?: unknown }) {
    // A refused connection to several addresses is an AggregateError without a message of its own.
    const { errors: [first = cause] = [] } = cause as { errors?: Error[] };
    super(first.message, { cause });
    this.code = typeof cause.code === 'string' ? cause.code : undefined;
  }
}

/** `input`: the data sent in, which would fail again. `database`: it may pass. `ours`: a bug. */
export type Blame = 'input' | 'database' | 'ours';

/** Data exception: a value does not fit its type. */
const DATA = /^22/;
const NOT_NULL = '23502';
const CHECK = '23514';
/** The log; each of its partitions is a table. */
const LOG = /^log_events(_\d+)?$/;
/** The columns of the log that a sender fills; we fill the rest. */
const SENDERS_COLUMNS = new Set(['agent', 'call_id', 'type', 'at', 'data']);
/** PostgreSQL's name of a column's CHECK. */
const SENDERS_CHECKS = new Set([...SENDERS_COLUMNS].map((column) => `log_events_${column}_check`));
/** Data, constraints, program limits, errors raised by a trigger: the same rows would fail again. */
const BY_THE_ROWS = /^(22|23|54|P0)/;

/**
 * Prisma's own code for a database that gives no transaction in time:
 * https://www.prisma.io/docs/orm/reference/error-reference
 */
const PRISMA_AWAY = /^(P1\d{3}|P2024|P2028|P2034|P2037)$/;
const PRISMA = /^P\d{4}$/;

export function blameOf(error: unknown): Blame {
  const code = sqlStateOf(error);
  if (code !== undefined) return DATA.test(code) || breaksSendersConstraint(error) ? 'input' : 'database';
  return isDatabases(error) ? 'database' : 'ours';
}

/**
 * For code that reads the log and writes what follows from it: true if another attempt with the same rows is in vain,
 * so that one of them is passed over. The log still has it. Never for code that takes events in: there it would be a
 * loss.
 */
export function isForTheRows(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === undefined ? !isDatabases(error) : BY_THE_ROWS.test(code);
}

/** The SQLSTATE, or the code of Node, OpenSSL or Prisma; undefined for an error without a code. */
export function codeOf(error: unknown): string | undefined {
  const code = sqlStateOf(error) ?? adapterFault(error)?.kind ?? (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** PostgreSQL's answer, by whichever driver; undefined: the error is not PostgreSQL's. */
function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : adapterFault(error)?.originalCode;
}

interface AdapterFault {
  readonly kind: string;
  /** SQLSTATE; absent if the way to the server failed. */
  readonly originalCode?: string;
}

/** The error of Prisma's driver adapter. All of Prisma's errors carry it except its own. */
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
  // Prisma passes an error with a code of Node's on under that code.
  if (error instanceof Prisma.PrismaClientKnownRequestError)
    return adapterFault(error) !== undefined || PRISMA_AWAY.test(error.code) || !PRISMA.test(error.code);
  return (
    error instanceof DatabaseUnreachable ||
    error instanceof Prisma.PrismaClientInitializationError ||
    error instanceof Prisma.PrismaClientUnknownRequestError
  );
}
