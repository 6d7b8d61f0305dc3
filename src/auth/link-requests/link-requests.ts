/**
 * Requests for a new sign-in link. One is kept for each person, and one for each tenant's people without a name. So
 * operators, not strangers, decide how many there can be. A link is mailed only to the e-mail that an operator kept,
 * and only while the token of that operator works.
 */
import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM } from '../../audit/audit-log.js';
import type { Patience } from '../../common/fair-slots.js';
import type { TenantId } from '../../common/ids.js';
import { moment, momentIn } from '../../common/moment.js';
import type { AnswerOf } from '../../common/operation.js';
import { Problem } from '../../common/problem.js';
import type { Prisma } from '../../database/generated/client.js';
import { ReadPool } from '../../database/pools.js';
import { PrismaService } from '../../database/prisma.service.js';
import { assertTenant } from '../known-tenant.js';
import { LinkMail } from '../mail/link-mail.js';
import type { Scope } from '../principal.js';
import { SignIn } from '../sign-in/sign-in.js';
import type { linkRequestList } from './link-request-answers.js';
import { type Asking, type Evidence, WhoAsks } from './who-asks.js';

type LinkRequestView = AnswerOf<typeof linkRequestList>['requests'][number];

/** A request that nobody has answered for so long is forgotten. */
const KEPT_MS = 7 * 86_400_000;
/** A person is mailed a link so often at most. */
const MAILED_MS = 10 * 60_000;
const MAIL_TTL_SECONDS = 3600;
/** Requests that may wait for the database or the mail server at once. */
const MAX_UNDER_WAY = 10;
/** Most that are shown. */
const MAX_SHOWN = 50;

@Injectable()
export class LinkRequests {
  private readonly logger = new Logger('SignIn');
  private underWay = 0;

  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
    private readonly who: WhoAsks,
    private readonly signIn: SignIn,
    private readonly mail: LinkMail,
  ) {}

  /** The caller is never told what became of it. Beyond the bound it is dropped: strangers hold up nobody's changes. */
  async take(evidence: Evidence): Promise<void> {
    if (this.underWay >= MAX_UNDER_WAY) return;
    this.underWay += 1;
    try {
      for (const asking of await this.who.find(evidence)) await this.keep(asking);
    } catch (error) {
      this.logger.warn(`a request for a sign-in link was not kept: ${String(error)}`);
    } finally {
      this.underWay -= 1;
    }
  }

  /** Those of a tenant, or of all (null), that wait for an operator or were mailed a link; oldest first, 50 at most. */
  async list(tenantId: TenantId | null, isWaiting: boolean, patience: Patience): Promise<LinkRequestView[]> {
    const rows = await this.pool.list(
      null,
      async (tables: Prisma.TransactionClient) => {
        await assertTenant(tables, tenantId);
        return tables.linkRequest.findMany({
          where: {
            ...(tenantId === null ? {} : { tenantId }),
            ...(isWaiting ? { mailedAt: null } : {}),
            askedAt: { gt: momentIn(-KEPT_MS) },
          },
          include: { person: { select: { id: true, name: true, email: true } } },
          orderBy: [{ askedAt: 'asc' }, { id: 'asc' }],
          take: MAX_SHOWN,
        });
      },
      patience,
    );
    return rows.map(({ id, tenantId: tenant, person, askedAt, mailedAt }) => ({
      id,
      tenant,
      person: person?.name ?? null,
      askedAt: askedAt.toISOString(),
      mailedAt: mailedAt?.toISOString() ?? null,
    }));
  }

  /** Throws `not-found`. */
  async dismiss(tenantId: TenantId, id: string): Promise<void> {
    const { count } = await this.prisma.linkRequest.deleteMany({ where: { id, tenantId } });
    if (count === 0) throw new Problem('not-found', 'There is no request of that id.');
  }

  private async keep({ tenantId, personId }: Asking): Promise<void> {
    await this.prisma.linkRequest.deleteMany({ where: { askedAt: { lt: momentIn(-KEPT_MS) } } });
    if (personId === null) await this.keepNameless(tenantId);
    else
      await this.prisma.$executeRaw`
        INSERT INTO link_requests (id, tenant_id, person_id) VALUES (${randomUUID()}, ${tenantId}, ${personId})
        ON CONFLICT (tenant_id, person_id) WHERE person_id IS NOT NULL DO UPDATE SET asked_at = now()`;
    if (personId !== null && this.mail.isOn) await this.mailTo(tenantId, personId);
  }

  private async keepNameless(tenantId: TenantId): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO link_requests (id, tenant_id) VALUES (${randomUUID()}, ${tenantId})
      ON CONFLICT (tenant_id) WHERE person_id IS NULL DO UPDATE SET asked_at = now()`;
  }

  /** Nothing if the operator's word no longer holds: then the request waits for an operator. */
  private async mailTo(tenantId: TenantId, personId: string): Promise<void> {
    const person = await this.prisma.person.findUniqueOrThrow({ where: { id: personId } });
    const { name, email, scopes, voucherId, vouchedUntil } = person;
    if (email === null || vouchedUntil === null || vouchedUntil <= moment()) return;
    if (voucherId !== null && !(await this.stillVouches(voucherId))) return;
    // One statement, so that of two requests at once one is mailed.
    const { count } = await this.prisma.linkRequest.updateMany({
      where: { tenantId, personId, OR: [{ mailedAt: null }, { mailedAt: { lt: momentIn(-MAILED_MS) } }] },
      data: { mailedAt: moment() },
    });
    if (count === 0) return;
    const voucher = { tokenId: voucherId, until: vouchedUntil };
    const link = { scopes: scopes as Scope[], ttlSeconds: MAIL_TTL_SECONDS, person: { name } };
    try {
      const { url } = await this.signIn.makeLink(tenantId, link, SYSTEM, voucher);
      if (await this.mail.send(email, url)) return;
    } catch (error) {
      this.logger.warn(`no sign-in link was made for a request: ${String(error)}`);
    }
    await this.prisma.linkRequest.updateMany({ where: { tenantId, personId }, data: { mailedAt: null } });
  }

  private async stillVouches(id: string): Promise<boolean> {
    const where = { id, revokedAt: null, expiresAt: { gt: moment() }, scopes: { has: 'admin' } };
    return (await this.prisma.token.count({ where })) > 0;
  }
}
