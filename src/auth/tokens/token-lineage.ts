/** Tokens and those that they were minted from, up to the first. None may do more than any token before it. */
import type { PgPool } from '../../database/pg-pool.js';

export interface AncestralToken {
  readonly id: string;
  readonly tenantId: string | null;
  readonly scopes: readonly string[];
  /** Sooner than its text says if it was rolled. */
  readonly expiresAt: Date;
  /** Of a session: its longest end. Until then its use puts off `expiresAt`. Null: use puts off nothing. */
  readonly renewsUntil: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly person: { readonly id: string; readonly name: string } | null;
}

type LineRow = AncestralToken & { readonly of: string };

const LINEAGES = `
  WITH RECURSIVE line AS (
    SELECT id AS of, 0 AS depth, id, tenant_id, parent_id, scopes, expires_at,
      CASE WHEN kind = 'session' THEN text_ends_at END AS renews_until, revoked_at, last_used_at,
      person_id
    FROM tokens WHERE id = ANY($1)
    UNION ALL
    SELECT line.of, line.depth + 1, up.id, up.tenant_id, up.parent_id, up.scopes,
      up.expires_at, CASE WHEN up.kind = 'session' THEN up.text_ends_at END, up.revoked_at, up.last_used_at,
      up.person_id
    FROM line JOIN tokens up ON up.id = line.parent_id
  )
  SELECT of, line.id, line.tenant_id AS "tenantId", line.scopes, line.expires_at AS "expiresAt",
    line.renews_until AS "renewsUntil", line.revoked_at AS "revokedAt", line.last_used_at AS "lastUsedAt",
    CASE WHEN people.id IS NOT NULL THEN jsonb_build_object('id', people.id, 'name', people.name) END AS person
  FROM line LEFT JOIN people ON people.id = line.person_id ORDER BY depth`;

/** For each id that has a row: the token itself, its parent, the parent's parent … One query, however many they are. */
export async function lineagesOf(
  pool: PgPool,
  ids: readonly string[],
): Promise<Map<string, readonly AncestralToken[]>> {
  const lineages = new Map<string, AncestralToken[]>();
  if (ids.length === 0) return lineages;
  const { rows } = await pool.prepared<LineRow>('lineages', LINEAGES, [ids]);
  for (const { of, ...token } of rows) {
    const lineage = lineages.get(of);
    if (lineage) lineage.push(token);
    else lineages.set(of, [token]);
  }
  return lineages;
}
