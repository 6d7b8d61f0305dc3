/**
 * The people of a tenant who sign in by links: listed, renamed, signed out and removed. Signing out ends every session
 * of a person, and voids the links that wait for them.
 */
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, AuditLog } from '../../audit/audit-log.js';
import { Bus } from '../../bus/bus.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, opaqueIdSchema } from '../../common/ids.js';
import { moment } from '../../common/moment.js';
import type { AnswerOf } from '../../common/operation.js';
import { Listing, momentKey } from '../../common/page.js';
import { Problem } from '../../common/problem.js';
import type { Person, Prisma } from '../../database/generated/client.js';
import { ReadPool } from '../../database/pools.js';
import { PrismaService } from '../../database/prisma.service.js';
import { assertTenant } from '../known-tenant.js';
import { LinkMail } from '../mail/link-mail.js';
import type { personAnswer, personPage } from './people-answers.js';
import { findPerson } from './person-rows.js';

type PersonView = AnswerOf<typeof personAnswer>;

/** What may be changed of a person; null: no e-mail is known any more. */
export interface PersonChange {
  readonly name?: string | undefined;
  readonly email?: string | null | undefined;
}

interface Presence {
  readonly sessions: number;
  readonly lastSeenAt: Date | null;
}

const LISTING = new Listing('people', z.tuple([momentKey, opaqueIdSchema]));

@Injectable()
export class PeopleService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
    private readonly mail: LinkMail,
  ) {}

  /** Newest first. Throws `tenant-not-found`. */
  async list(
    tenantId: TenantId,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<AnswerOf<typeof personPage>> {
    const [createdAt, id] = LISTING.after(cursor, tenantId) ?? [];
    const older = [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }];
    const read = async (tables: Prisma.TransactionClient) => {
      await assertTenant(tables, tenantId);
      const rows = await tables.person.findMany({
        where: { tenantId, removedAt: null, ...(createdAt === undefined ? {} : { OR: older }) },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit + 1,
      });
      return { rows, presences: await presencesOf(tables, rows) };
    };
    // An operator's read, whosever people they are.
    const { rows, presences } = await this.pool.list(null, read, patience);
    const page = LISTING.page(rows, limit, tenantId, (row) => [row.createdAt, row.id]);
    return { people: page.rows.map((row) => viewOf(row, presences.get(row.id), this.mail.isOn)), next: page.next };
  }

  /** Throws `person-not-found`, and `validation` for a name that another person of the tenant has. */
  async change(tenantId: TenantId, id: string, { name, email }: PersonChange, actor: Actor): Promise<PersonView> {
    return this.prisma.$transaction(async (transaction) => {
      const before = await findPerson(transaction, tenantId, id);
      if (name !== undefined && name !== before.name) await assertFree(transaction, tenantId, name);
      const data = { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
      const after = await transaction.person.update({ where: { id }, data });
      const emailChanged = before.email === after.email ? {} : { emailChanged: true };
      await this.record(transaction, 'person.change', before, { name: after.name, ...emailChanged }, actor);
      return viewOf(after, (await presencesOf(transaction, [after])).get(id), this.mail.isOn);
    });
  }

  /** Throws `person-not-found`. */
  async signOut(tenantId: TenantId, id: string, actor: Actor): Promise<void> {
    const ended = await this.prisma.$transaction(async (transaction) => {
      const person = await findPerson(transaction, tenantId, id);
      const sessions = await endSessions(transaction, id);
      // No link is mailed on the word that let the person in before.
      await transaction.person.update({ where: { id }, data: { voucherId: null, vouchedUntil: null } });
      await this.record(transaction, 'person.sign-out', person, { sessions: sessions.length }, actor);
      return sessions;
    });
    this.tell(ended);
  }

  /** Signs the person out for good. The name stays in the audit. Throws `person-not-found`. */
  async remove(tenantId: TenantId, id: string, actor: Actor): Promise<void> {
    const ended = await this.prisma.$transaction(async (transaction) => {
      const person = await findPerson(transaction, tenantId, id);
      const sessions = await endSessions(transaction, id);
      const data = { removedAt: moment(), email: null, voucherId: null, vouchedUntil: null };
      await transaction.person.update({ where: { id }, data });
      await transaction.linkRequest.deleteMany({ where: { personId: id } });
      await this.record(transaction, 'person.remove', person, null, actor);
      return sessions;
    });
    this.tell(ended);
  }

  private tell(sessions: readonly string[]): void {
    for (const tokenId of sessions) this.bus.publish({ kind: 'token-revoked', tokenId });
  }

  private async record(
    transaction: Prisma.TransactionClient,
    action: string,
    { id, tenantId, name }: Person,
    after: Prisma.InputJsonObject | null,
    actor: Actor,
  ): Promise<void> {
    const books = [{ tenantId: tenantId as TenantId }];
    await this.audit.record(transaction, actor, { action, target: id, before: { name }, after, books });
  }
}

/** Throws `validation`. */
async function assertFree(transaction: Prisma.TransactionClient, tenantId: TenantId, name: string): Promise<void> {
  // Two who take the same name at once: the second waits here, and then finds it taken.
  await transaction.$queryRaw`SELECT 1 FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`;
  if ((await transaction.person.count({ where: { tenantId, name, removedAt: null } })) === 0) return;
  const errors = [{ path: 'name', message: 'another person of this tenant has it' }];
  throw new Problem('validation', 'Another person of this tenant has that name.', { errors });
}

/** The sessions that it ended. What was made from them ends with them. */
async function endSessions(transaction: Prisma.TransactionClient, personId: string): Promise<string[]> {
  await transaction.signInCode.deleteMany({ where: { personId, usedAt: null } });
  const revokedAt = moment();
  const where = { personId, revokedAt: null };
  const rows = await transaction.token.updateManyAndReturn({
    where,
    data: { revokedAt },
    select: { id: true, kind: true },
  });
  return rows.filter(({ kind }) => kind === 'session').map(({ id }) => id);
}

/** Sessions that work now, and when they were last used. */
async function presencesOf(
  tables: Prisma.TransactionClient,
  people: readonly Person[],
): Promise<ReadonlyMap<string, Presence>> {
  const works = { revokedAt: null, expiresAt: { gt: moment() } };
  const groups = await tables.token.groupBy({
    by: ['personId'],
    where: {
      personId: { in: people.map(({ id }) => id) },
      kind: 'session',
      ...works,
      OR: [{ parentId: null }, { parent: works }],
    },
    _count: { _all: true },
    _max: { lastUsedAt: true, createdAt: true },
  });
  return new Map(
    groups.map(({ personId, _count, _max }) => [
      personId ?? '',
      { sessions: _count._all, lastSeenAt: _max.lastUsedAt ?? _max.createdAt },
    ]),
  );
}

function viewOf(row: Person, presence: Presence | undefined, hasMail: boolean): PersonView {
  return {
    id: row.id,
    tenant: row.tenantId,
    name: row.name,
    email: row.email,
    canMail: hasMail && row.email !== null,
    createdAt: row.createdAt.toISOString(),
    sessions: presence?.sessions ?? 0,
    lastSeenAt: presence?.lastSeenAt?.toISOString() ?? null,
  };
}
