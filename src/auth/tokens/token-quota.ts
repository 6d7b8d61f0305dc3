/**
 * How many tokens a tenant may make. Each is a row, and stays for a while after it stops working (security rule 24).
 */
import { type Limits, effectiveLimits } from '../../common/limits.js';
import type { TenantId } from '../../common/ids.js';
import { momentIn } from '../../common/moment.js';
import { Problem } from '../../common/problem.js';
import type { Prisma } from '../../database/generated/client.js';

const HOUR_MS = 3600_000;
/** How many stream tokens, and how many sessions, a tenant may make within an hour, per stream that it may open. */
const TOKENS_A_STREAM = 20;
const WORDS = { stream: 'stream tokens', session: 'sessions' };

/**
 * Throws `too-many-tokens` for a tenant that has as many API tokens as it may, `tenant-not-found` if there is no such
 * tenant. Tokens made within a day count even if they are revoked. The tenant stays locked for the transaction, so that
 * two requests at once are both counted.
 */
export async function assertRoomForToken(
  transaction: Prisma.TransactionClient,
  tenantId: TenantId,
  defaults: Limits,
): Promise<void> {
  const [tenant] = await transaction.$queryRaw<{ limits: unknown }[]>`
    SELECT limits FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`;
  if (tenant === undefined) throw new Problem('tenant-not-found', 'There is no tenant of that id.');
  const { tokens } = effectiveLimits(tenant.limits, defaults);
  const works = { revokedAt: null, expiresAt: { gt: momentIn(0) } };
  const isRecent = { createdAt: { gt: momentIn(-24 * HOUR_MS) } };
  const own = { tenantId, kind: 'api', parentId: null, viewedBy: null };
  if ((await transaction.token.count({ where: { ...own, OR: [works, isRecent] } })) < tokens) return;
  throw new Problem('too-many-tokens', `There may be at most ${tokens} tokens, including those made within a day.`);
}

/** Throws `rate-limited`. */
export async function assertRoomForDerived(
  transaction: Prisma.TransactionClient,
  kind: 'stream' | 'session',
  tenantId: TenantId,
  { streams }: Limits,
): Promise<void> {
  const most = streams * TOKENS_A_STREAM;
  const where = { tenantId, kind, createdAt: { gt: momentIn(-HOUR_MS) } };
  if ((await transaction.token.count({ where, take: most })) < most) return;
  throw new Problem('rate-limited', `This tenant may make ${most} ${WORDS[kind]} an hour.`, {}, HOUR_MS / 60);
}
