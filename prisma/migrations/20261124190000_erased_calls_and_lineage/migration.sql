-- Calls that were erased. A row here has none in "call_tenants" any more: whatever looks for the call finds none, and nothing of it
-- is taken in again.
CREATE TABLE "erased_calls" (
    "call_id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "agent" TEXT NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "erased_calls_pkey" PRIMARY KEY ("call_id")
);

-- CreateIndex
CREATE INDEX "erased_calls_erased_at_idx" ON "erased_calls"("erased_at");

-- CreateTable
CREATE TABLE "log_lineage" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "database" TEXT,
    "resumed_after" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "log_lineage_pkey" PRIMARY KEY ("id")
);

-- Its only row.
INSERT INTO "log_lineage" ("id") VALUES (1);

-- As before (20261122000100_append_events has the reasons), and:
--
-- An event of an erased call is not stored. One that was known before is still a duplicate, by the key that its tombstone
-- keeps; any other is 'erased', ephemeral ones too. Another tenant's writer is refused as if the call were there.
--
-- A tenant's numbers begin where the log was resumed after a restore, also of a tenant that the backup did not know.
--
-- Same name, arguments and columns: the version that runs meanwhile takes 'erased' for one more event that it need not store.
CREATE OR REPLACE FUNCTION append_events(
  p_agents text[], p_calls text[], p_types text[], p_ats timestamptz[], p_keys text[], p_data text[], p_only_tenant text
) RETURNS TABLE (ord int, tenant_id text, call_agent text, "position" bigint, seq bigint, outcome text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  head bigint;
  resumed bigint;
BEGIN
  SELECT h."position" INTO STRICT head FROM log_head h WHERE h.id = 1 FOR UPDATE;
  SELECT l.resumed_after INTO STRICT resumed FROM log_lineage l WHERE l.id = 1;

  RETURN QUERY
  WITH input AS MATERIALIZED (
    SELECT u.ord::int AS ord, u.agent, u.call_id, u.type, u.at, u.source_key, u.data
    FROM unnest(p_agents, p_calls, p_types, p_ats, p_keys, p_data)
      WITH ORDINALITY AS u(agent, call_id, type, at, source_key, data, ord)
  ), batch_calls AS (
    SELECT DISTINCT ON (i.call_id) i.call_id, i.agent AS first_agent FROM input i
    WHERE i.call_id IS NOT NULL ORDER BY i.call_id, i.ord
  ), calls AS MATERIALIZED (
    SELECT b.call_id, x.call_id IS NOT NULL AS is_erased, c.call_id IS NULL AND x.call_id IS NULL AS is_new,
           coalesce(x.agent, c.agent, b.first_agent) AS agent,
           CASE WHEN x.call_id IS NOT NULL THEN x.tenant_id
                WHEN c.call_id IS NULL THEN a.tenant_id ELSE c.tenant_id END AS tenant_id
    FROM batch_calls b
    LEFT JOIN erased_calls x ON x.call_id = b.call_id
    LEFT JOIN call_tenants c ON c.call_id = b.call_id
    LEFT JOIN agents a ON a.name = b.first_agent
  ), stamped AS MATERIALIZED (
    SELECT i.*, c.agent AS call_agent, coalesce(c.is_erased, false) AS is_erased,
           CASE WHEN i.call_id IS NULL THEN a.tenant_id
                WHEN c.agent = i.agent OR a.tenant_id IS NULL OR a.tenant_id = c.tenant_id THEN c.tenant_id
           END AS tenant_id
    FROM input i
    LEFT JOIN calls c ON c.call_id = i.call_id
    LEFT JOIN agents a ON a.name = i.agent
  ), permitted AS (
    SELECT s.* FROM stamped s WHERE p_only_tenant IS NULL OR s.tenant_id = p_only_tenant
  ), fresh AS (
    SELECT DISTINCT ON (p.source_key) p.* FROM permitted p
    WHERE p.data IS NOT NULL AND NOT p.is_erased AND NOT EXISTS (SELECT FROM events e WHERE e.source_key = p.source_key)
    ORDER BY p.source_key, p.ord
  ), numbered AS MATERIALIZED (
    SELECT f.*,
           head + row_number() OVER (ORDER BY f.ord) AS "position",
           CASE WHEN f.tenant_id IS NOT NULL
                THEN coalesce(t.seq, resumed) + row_number() OVER (PARTITION BY f.tenant_id ORDER BY f.ord) END AS seq
    FROM fresh f LEFT JOIN tenant_heads t ON t.tenant_id = f.tenant_id
  ), inserted AS (
    INSERT INTO events ("position", tenant_id, seq, call_id, agent, type, at, source_key, data)
    SELECT n."position", n.tenant_id, n.seq, n.call_id, n.agent, n.type, n.at, n.source_key, n.data
    FROM numbered n ORDER BY n."position"
  ), moved_head AS (
    UPDATE log_head h SET "position" = m.last FROM (SELECT max(n."position") AS last FROM numbered n) m
    WHERE h.id = 1 AND m.last IS NOT NULL
  ), moved_tenants AS (
    INSERT INTO tenant_heads (tenant_id, seq)
    SELECT n.tenant_id, max(n.seq) FROM numbered n WHERE n.tenant_id IS NOT NULL GROUP BY n.tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = EXCLUDED.seq
  ), stamped_calls AS (
    INSERT INTO call_tenants (call_id, tenant_id, agent, first_position)
    SELECT c.call_id, c.tenant_id, c.agent, head + 1 FROM calls c
    WHERE c.is_new AND (p_only_tenant IS NULL OR c.tenant_id = p_only_tenant)
  ), seen_agents AS (
    INSERT INTO unowned_agents (name)
    SELECT DISTINCT i.agent FROM input i LEFT JOIN agents a ON a.name = i.agent
    WHERE a.tenant_id IS NULL AND p_only_tenant IS NULL
    ON CONFLICT (name) DO NOTHING
  )
  SELECT s.ord, s.tenant_id, s.call_agent, n."position", n.seq,
         CASE WHEN p_only_tenant IS NOT NULL AND s.tenant_id IS DISTINCT FROM p_only_tenant THEN 'refused'
              WHEN s.is_erased AND (s.data IS NULL
                OR NOT EXISTS (SELECT FROM events e WHERE e.source_key = s.source_key)) THEN 'erased'
              WHEN s.data IS NULL THEN 'ephemeral'
              WHEN n.ord IS NULL THEN 'duplicate'
              ELSE 'stored' END
  FROM stamped s LEFT JOIN numbered n ON n.ord = s.ord
  ORDER BY s.ord;
END
$$;
