/**
 * Who changed what, when, before and after. A change is written in the transaction that makes it: once into the
 * operator's book, and once into the book of every tenant concerned, with what that tenant may know. Reading is a
 * look-up by book, so a forgotten filter shows nothing. The text of a token, an event or a phone number is never in it.
 */
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Patience } from '../common/fair-slots.js';
import type { CallId, TenantId } from '../common/ids.js';
import { Listing, notACursor, readInPieces } from '../common/page.js';
import type { AuditEntry, Prisma } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';
import { type AuditFilter, type BookWhere, type OwnAuditFilter, beforeEntry, whereOf } from './audit-filter.js';

/** Who does something: a token (by its id), or a part of the product. */
export interface Actor {
  readonly name: string;
  /** The id of the person whose sign-in it is; null or absent: nobody's by name. */
  readonly person?: string | null;
  /** Null: the operator. */
  readonly tenantId: TenantId | null;
  readonly requestId: string | null;
}

/** The product itself, at its start. */
export const SYSTEM: Actor = { name: 'switchboard', tenantId: null, requestId: null };

type State = Prisma.InputJsonObject | null;

interface Book {
  readonly tenantId: TenantId;
  readonly action?: string;
  readonly target?: string;
  readonly before?: State;
  readonly after?: State;
}

export interface Change {
  /** `<thing>.<verb>`, like `agent.assign`. */
  readonly action: string;
  /** The name or id of what was changed. */
  readonly target: string;
  readonly before: State;
  readonly after: State;
  /** The tenants concerned. Each finds the change in its own book, in the same form unless told otherwise. */
  readonly books: readonly Book[];
  /** Tenants concerned that no longer have a book. */
  readonly about?: readonly TenantId[];
}

export interface AuditView {
  readonly id: string;
  readonly at: string;
  /** A token's id, or `operator` if a tenant reads what the platform did. */
  readonly by: string;
  /** The name of the person, or of that token, now or when it did this; null: it is neither. */
  readonly byName: string | null;
  readonly action: string;
  readonly target: string;
  /** The name of a token or a person that was changed. */
  readonly targetName: string | null;
  readonly before: Prisma.JsonValue;
  readonly after: Prisma.JsonValue;
  readonly requestId: string | null;
}

/**
 * An entry's own number counts the entries of all books. What is shown, and what a cursor holds, says nothing about
 * other books.
 */
const LISTING = new Listing('audit', z.uuid());

/**
 * A page is of one book. PostgreSQL sees that an index has this order in the operator's book only if its tenant, none,
 * is named here.
 */
const NEWEST_FIRST = [{ tenantId: 'desc' }, { at: 'desc' }, { id: 'desc' }] as const;

interface Page<View> {
  readonly audit: View[];
  readonly next: string | null;
}

/** Entries that are erased at once. */
const ERASED_AT_ONCE = 1000;

@Injectable()
export class AuditLog {
  constructor(private readonly pool: ReadPool) {}

  async record(transaction: Prisma.TransactionClient, actor: Actor, change: Change): Promise<void> {
    await this.recordAll(transaction, actor, [change]);
  }

  /** Writes them in one statement, in their order. */
  async recordAll(transaction: Prisma.TransactionClient, actor: Actor, changes: readonly Change[]): Promise<void> {
    const entries = JSON.stringify(changes.flatMap((change) => entriesOf(actor, change)));
    await transaction.$executeRaw`INSERT INTO audit
        (tenant_id, by, by_person, action, target, tenants, before, after, request_id, by_name, target_name)
      SELECT entry.*,
        coalesce(
          (SELECT name FROM people
            WHERE id = entry."byPerson" AND (entry."tenantId" IS NULL OR entry."tenantId" = tenant_id)),
          (SELECT name FROM tokens WHERE id = entry.by AND (entry."tenantId" IS NULL OR entry."tenantId" = tenant_id))),
        (SELECT name FROM tokens WHERE id = entry.target AND (entry."tenantId" IS NULL OR entry."tenantId" = tenant_id))
      FROM jsonb_to_recordset(${entries}::jsonb) AS entry("tenantId" text, by text, "byPerson" text, action text, target text,
        tenants text[], before jsonb, after jsonb, "requestId" text)`;
  }

  /**
   * The entries about an erased call of a tenant stay, in all books, without the call's id: it may be a phone number.
   */
  async forgetCall(transaction: Prisma.TransactionClient, tenantId: TenantId, callId: CallId): Promise<void> {
    await transaction.$executeRaw`UPDATE audit SET target = 'an erased call'
      WHERE tenants @> ARRAY[${tenantId}::text] AND action LIKE 'call.%' AND target = ${callId}`;
  }

  /** The tenant's own book, newest first. */
  async list(
    tenantId: TenantId,
    filter: OwnAuditFilter,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<Page<AuditView>> {
    const page = await this.page(whereOf(tenantId, filter), limit, cursor, patience);
    return { audit: page.rows.map((row) => auditView(row, page.nameOf)), next: page.next };
  }

  /** The operator's book, newest first. */
  async listAcrossTenants(
    filter: AuditFilter,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<Page<AuditView & { tenants: string[] }>> {
    const page = await this.page(whereOf(null, filter), limit, cursor, patience);
    const { nameOf } = page;
    return { audit: page.rows.map((row) => ({ ...auditView(row, nameOf), tenants: row.tenants })), next: page.next };
  }

  /** Erases some of the book of an erased tenant at a time: a later tenant of the same name must not read it. */
  async erase(transaction: Prisma.TransactionClient, tenantId: TenantId): Promise<number> {
    const rows = await transaction.auditEntry.findMany({
      where: { tenantId },
      select: { id: true },
      orderBy: { id: 'asc' },
      take: ERASED_AT_ONCE,
    });
    await transaction.auditEntry.deleteMany({ where: { id: { in: rows.map(({ id }) => id) } } });
    return rows.length;
  }

  private async page(where: BookWhere, limit: number, cursor: string | undefined, patience: Patience) {
    const owner = where.tenantId;
    const reference = LISTING.after(cursor, owner);
    const read = async (tables: Prisma.TransactionClient) => {
      const { auditEntry } = tables;
      const from = reference === undefined ? undefined : await auditEntry.findUnique({ where: { reference } });
      if (from === null) throw notACursor();
      const pieces = await readInPieces<AuditEntry>(limit, (last = from, take) => {
        const before = last === undefined ? [] : beforeEntry(last);
        return auditEntry.findMany({ where: { AND: [where, ...before] }, orderBy: [...NEWEST_FIRST], take });
      });
      return { ...pieces, names: await namesIn(tables, owner, pieces.rows) };
    };
    const { rows, isCut, names } = await this.pool.list(owner, read, patience);
    const page = LISTING.page(rows, limit, owner, (row) => row.reference, isCut);
    return { ...page, nameOf: (id: string) => names.get(id) ?? null };
  }
}

/** One entry for the operator's book, and one for the book of each tenant concerned. */
function entriesOf(actor: Actor, { action, target, before, after, books, about = [] }: Change) {
  const common = { action, target, requestId: actor.requestId };
  const tenants = [...about, ...books.map(({ tenantId }) => tenantId)];
  return [
    { ...common, ...whoIs(actor), tenantId: null, tenants, before, after },
    ...books.map((book) => ({
      ...common,
      action: book.action ?? action,
      target: book.target ?? target,
      ...(actor.tenantId === book.tenantId ? whoIs(actor) : { by: 'operator' }),
      tenantId: book.tenantId,
      tenants: [book.tenantId],
      before: book.before === undefined ? before : book.before,
      after: book.after === undefined ? after : book.after,
    })),
  ];
}

function whoIs({ name, person }: Actor) {
  return { by: name, byPerson: person ?? null };
}

/** Names of the tokens and people that entries are by or about. A tenant is told of its own only. */
async function namesIn(
  { token, person }: Prisma.TransactionClient,
  owner: TenantId | null,
  rows: readonly AuditEntry[],
): Promise<Map<string, string>> {
  const ids = [...new Set(rows.flatMap(({ by, byPerson, target }) => [by, byPerson ?? by, target]))];
  const query = {
    where: { id: { in: ids }, ...(owner === null ? {} : { tenantId: owner }) },
    select: { id: true, name: true },
  };
  const [tokens, people] = await Promise.all([token.findMany(query), person.findMany(query)]);
  return new Map([...tokens, ...people].map(({ id, name }) => [id, name]));
}

function auditView(row: AuditEntry, nameOf: (id: string) => string | null): AuditView {
  const { by, byPerson, action, target, before, after, requestId } = row;
  return {
    id: row.reference,
    at: row.at.toISOString(),
    by,
    byName: nameOf(byPerson ?? by) ?? nameOf(by) ?? row.byName,
    action,
    target,
    targetName: nameOf(target) ?? row.targetName,
    before,
    after,
    requestId,
  };
}
