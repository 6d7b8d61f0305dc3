/**
 * The rules of tenants: every statement that writes them. While a tenant has enabled rules, a reader walks its log for
 * them; otherwise that reader rests.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AgentsService } from '../agents/agents.service.js';
import { type Actor, AuditLog } from '../audit/audit-log.js';
import { assertTenant } from '../auth/known-tenant.js';
import type { Patience } from '../common/fair-slots.js';
import type { AgentName, TenantId } from '../common/ids.js';
import { Listing, momentKey, notACursor } from '../common/page.js';
import { moment } from '../common/moment.js';
import { Problem } from '../common/problem.js';
import type { Prisma, Rule as Row } from '../database/generated/client.js';
import { ReadPool } from '../database/pools.js';
import { PrismaService } from '../database/prisma.service.js';
import { TenantHeads } from '../events/log/event-log.js';
import { LogReaders } from '../readers/log-readers.js';
import { ReaderTable } from '../readers/reader-table.js';
import { type Condition, conditionSchema, isTimed, patternsIn } from './condition.js';
import { RULES } from './live-rules.js';
import { type RuleView, ruleView } from './rule-row.js';
import type { ChangeRule, CreateRule } from './rules.schemas.js';

/** Rules of a tenant, including those that are switched off. */
const MAX_RULES = 1000;
/** A tenant's conditions with a pattern: each costs time at every line. */
const MAX_PATTERNS = 50;

const LISTING = new Listing('rules', z.tuple([momentKey, z.uuid()]));

type Tables = Prisma.TransactionClient;

@Injectable()
export class RulesService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: ReadPool,
    private readonly agents: AgentsService,
    private readonly audit: AuditLog,
    private readonly heads: TenantHeads,
    private readonly readers: LogReaders,
    private readonly table: ReaderTable,
  ) {}

  /** Oldest first. Throws `tenant-not-found`. */
  async list(
    tenantId: TenantId,
    limit: number,
    cursor: string | undefined,
    patience: Patience,
  ): Promise<{ rules: RuleView[]; next: string | null }> {
    const after = LISTING.after(cursor, tenantId);
    const read = async (tables: Tables) => {
      await assertTenant(tables, tenantId);
      const [createdAt, id] = after ?? [];
      if (id !== undefined && (await tables.rule.count({ where: { id, tenantId } })) === 0) throw notACursor();
      const later =
        createdAt === undefined || id === undefined
          ? {}
          : { OR: [{ createdAt: { gt: createdAt } }, { createdAt, id: { gt: id } }] };
      const orderBy = [{ createdAt: 'asc' as const }, { id: 'asc' as const }];
      return tables.rule.findMany({ where: { tenantId, ...later }, orderBy, take: limit + 1 });
    };
    const rows = await this.pool.list(tenantId, read, patience);
    const page = LISTING.page(rows, limit, tenantId, ({ createdAt, id }) => [createdAt, id]);
    return { rules: page.rows.map(ruleView), next: page.next };
  }

  /** Throws `rule-not-found`. */
  async get(tenantId: TenantId, id: string, patience: Patience): Promise<RuleView> {
    return ruleView(await this.row(tenantId, id, patience));
  }

  async row(tenantId: TenantId, id: string, patience: Patience): Promise<Row> {
    return this.pool.list(
      tenantId,
      async (tables) => {
        await assertTenant(tables, tenantId);
        return ruleIn(tables, tenantId, id);
      },
      patience,
    );
  }

  /** Throws `tenant-not-found`, `agent-not-found`, `too-many-rules`. */
  async create(tenantId: TenantId, rule: CreateRule, actor: Actor, patience: Patience): Promise<RuleView> {
    const { name, agents, when, once, enabled } = rule;
    return this.change(tenantId, patience, agents, async (tables, since) => {
      await assertRoom(tables, tenantId, undefined, when);
      const id = randomUUID();
      const kept = { name, agents: agents ?? [], once, enabled, when, timed: isTimed(when), since };
      const row = await tables.rule.create({ data: { id, tenantId, ...kept, createdBy: actor.name } });
      await this.note(tables, actor, 'rule.create', tenantId, null, row);
      return row;
    });
  }

  /**
   * A changed rule counts only later events; a change of the name alone has no such effect. Throws `rule-not-found`,
   * and the problems of {@link create}.
   */
  async update(
    tenantId: TenantId,
    id: string,
    change: ChangeRule,
    actor: Actor,
    patience: Patience,
  ): Promise<RuleView> {
    return this.change(tenantId, patience, change.agents, async (tables, since) => {
      const before = await ruleIn(tables, tenantId, id);
      const { name, agents, when, once, enabled } = change;
      if (when !== undefined) await assertRoom(tables, tenantId, id, when);
      const isNew = [agents, when, once].some((one) => one !== undefined) || (enabled === true && !before.enabled);
      const row = await tables.rule.update({
        where: { id },
        data: {
          ...(name !== undefined && { name }),
          ...(agents !== undefined && { agents: agents ?? [] }),
          ...(when !== undefined && { when, timed: isTimed(when) }),
          ...(once !== undefined && { once }),
          ...(enabled !== undefined && { enabled }),
          ...(isNew && { since }),
          version: { increment: 1 },
          changedAt: moment(),
        },
      });
      await this.note(tables, actor, 'rule.change', tenantId, before, row);
      return row;
    });
  }

  async remove(tenantId: TenantId, id: string, actor: Actor, patience: Patience): Promise<void> {
    await this.change(tenantId, patience, null, async (tables) => {
      const before = await ruleIn(tables, tenantId, id);
      await tables.rule.delete({ where: { id } });
      await this.note(tables, actor, 'rule.delete', tenantId, before, null);
      return before;
    });
  }

  /** Changes of one tenant's rules run one at a time. Each also sets the place of the tenant's reader. */
  private async change(
    tenantId: TenantId,
    patience: Patience,
    agents: readonly AgentName[] | null | undefined,
    work: (tables: Tables, since: bigint) => Promise<Row>,
  ): Promise<RuleView> {
    if (agents) await this.agents.assertReadable(tenantId, agents, patience);
    const { seq } = await this.heads.of(tenantId);
    const changed = () =>
      this.prisma.$transaction(async (tables) => {
        await assertTenant(tables, tenantId);
        await tables.$executeRaw`SELECT FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`;
        const before = await tables.rule.count({ where: { tenantId, enabled: true } });
        const row = await work(tables, BigInt(seq));
        const after = await tables.rule.count({ where: { tenantId, enabled: true } });
        await this.place(tables, tenantId, seq, before > 0, after > 0);
        return row;
      });
    const row = await this.prisma.inTurn(tenantId, changed, patience);
    this.readers.changed(tenantId);
    return ruleView(row);
  }

  /** Without an enabled rule nothing is read. The first enabled rule begins with the events that come from now on. */
  private async place(tables: Tables, tenantId: TenantId, seq: number, ran: boolean, runs: boolean): Promise<void> {
    if (ran === runs) return;
    const reader = { kind: RULES, tenantId, name: RULES };
    const known = await this.table.views(tables, tenantId, RULES, [RULES]);
    if (known.size > 0) await this.table.change(tables, reader, runs ? { cursor: seq, runs } : { runs });
    else if (runs) await this.table.create(tables, reader, seq);
  }

  private async note(
    tables: Tables,
    actor: Actor,
    action: string,
    tenantId: TenantId,
    before: Row | null,
    after: Row | null,
  ): Promise<void> {
    const target = after?.id ?? before?.id ?? '';
    const change = { action, target, before: before && noted(before), after: after && noted(after) };
    await this.audit.record(tables, actor, { ...change, books: [{ tenantId }] });
  }
}

/** A rule's condition may be confidential. So the audit has the rule's name, not its condition. */
function noted({ name, agents, once, enabled, version }: Row): Prisma.InputJsonObject {
  return { name, agents, once, enabled, version };
}

async function ruleIn(tables: Tables, tenantId: TenantId, id: string): Promise<Row> {
  const row = await tables.rule.findFirst({ where: { id, tenantId } });
  if (row === null) throw new Problem('rule-not-found', 'There is no rule of that id.');
  return row;
}

async function assertRoom(tables: Tables, tenantId: TenantId, id: string | undefined, when: Condition): Promise<void> {
  const others = await tables.rule.findMany({ where: { tenantId, NOT: { id: id ?? '' } }, select: { when: true } });
  if (id === undefined && others.length >= MAX_RULES)
    throw new Problem('too-many-rules', `There may be at most ${MAX_RULES} rules; delete some that nobody needs.`);
  const wanted = patternsIn(when);
  if (wanted === 0) return;
  const known = others.map((other) => conditionSchema.safeParse(other.when).data);
  const patterns = known.reduce((sum, one) => sum + (one === undefined ? 0 : patternsIn(one)), wanted);
  if (patterns > MAX_PATTERNS)
    throw new Problem(
      'too-many-rules',
      `There may be at most ${MAX_PATTERNS} conditions with a pattern; use words where they are enough.`,
    );
}
