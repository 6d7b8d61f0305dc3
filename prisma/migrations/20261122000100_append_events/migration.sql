-- The one way into the event log: one call is one append, one transaction, one round trip.
--
-- It is a function because of snapshots: in READ COMMITTED every statement of a VOLATILE function sees what was
-- committed before *that statement*, so what follows the lock sees the work of whoever held the lock before.
-- A single statement that locks and reads would look for duplicates, owners and numbers as of before its wait.
--
-- Arrays of equal length, one element an event, in the order in which they came in. p_data NULL = ephemeral: stamped,
-- not stored. p_only_tenant: the writer's tenant; an event that is not that tenant's is refused (NULL: the platform).
--
-- Whose event it is: the call's tenant when the call is known, else the tenant that owns the agent now, else nobody.
-- A call belongs to the tenant of its first event for ever. An event that names a known call but another agent, one that
-- a third tenant owns, is nobody's: neither side may read it.
--
-- One row an event comes back. outcome: stored | duplicate | ephemeral | refused.
CREATE FUNCTION append_events(
  p_agents text[], p_calls text[], p_types text[], p_ats timestamptz[], p_keys text[], p_data text[], p_only_tenant text
) RETURNS TABLE (ord int, tenant_id text, call_agent text, "position" bigint, seq bigint, outcome text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  head bigint;
BEGIN
  SELECT h."position" INTO STRICT head FROM log_head h WHERE h.id = 1 FOR UPDATE;

  RETURN QUERY
  WITH input AS MATERIALIZED (
    SELECT u.ord::int AS ord, u.agent, u.call_id, u.type, u.at, u.source_key, u.data
    FROM unnest(p_agents, p_calls, p_types, p_ats, p_keys, p_data)
      WITH ORDINALITY AS u(agent, call_id, type, at, source_key, data, ord)
  ), batch_calls AS (
    SELECT DISTINCT ON (i.call_id) i.call_id, i.agent AS first_agent FROM input i
    WHERE i.call_id IS NOT NULL ORDER BY i.call_id, i.ord
  ), calls AS MATERIALIZED (
    SELECT b.call_id, c.call_id IS NULL AS is_new, coalesce(c.agent, b.first_agent) AS agent,
           CASE WHEN c.call_id IS NULL THEN a.tenant_id ELSE c.tenant_id END AS tenant_id
    FROM batch_calls b
    LEFT JOIN call_tenants c ON c.call_id = b.call_id
    LEFT JOIN agents a ON a.name = b.first_agent
  ), stamped AS MATERIALIZED (
    SELECT i.*, c.agent AS call_agent,
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
    WHERE p.data IS NOT NULL AND NOT EXISTS (SELECT FROM events e WHERE e.source_key = p.source_key)
    ORDER BY p.source_key, p.ord
  ), numbered AS MATERIALIZED (
    SELECT f.*,
           head + row_number() OVER (ORDER BY f.ord) AS "position",
           CASE WHEN f.tenant_id IS NOT NULL
                THEN coalesce(t.seq, 0) + row_number() OVER (PARTITION BY f.tenant_id ORDER BY f.ord) END AS seq
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
              WHEN s.data IS NULL THEN 'ephemeral'
              WHEN n.ord IS NULL THEN 'duplicate'
              ELSE 'stored' END
  FROM stamped s LEFT JOIN numbered n ON n.ord = s.ord
  ORDER BY s.ord;
END
$$;
