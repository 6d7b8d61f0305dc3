-- A call is (tenant, call id). Ids of calls are their senders' own: two tenants may use the same one, and neither notices.
--
-- "call_tenants" has a row for each agent that spoke in a tenant's call. "by_platform": the platform's sources said so; then the row
-- is also the route by which the platform's later events of that call and agent find their tenant. A tenant's own writer makes rows of
-- its own tenant only, and they never route anything. The empty tenant is nobody.
SET LOCAL lock_timeout = '10s';

UPDATE "call_tenants" SET "tenant_id" = '' WHERE "tenant_id" IS NULL;
ALTER TABLE "call_tenants"
  ALTER COLUMN "tenant_id" SET NOT NULL,
  ADD COLUMN "by_platform" BOOLEAN NOT NULL DEFAULT true,
  ADD COLUMN "erased_at" TIMESTAMPTZ(3),
  DROP CONSTRAINT "call_tenants_pkey",
  ADD CONSTRAINT "call_tenants_pkey" PRIMARY KEY ("call_id", "tenant_id", "agent", "by_platform");
-- Which row routes the platform's events. Prisma's schema cannot express a partial index; this comment is its place.
CREATE UNIQUE INDEX "call_tenants_route_key" ON "call_tenants"("call_id", "agent") WHERE "by_platform";
CREATE INDEX "call_tenants_erased_at_idx" ON "call_tenants"("erased_at") WHERE "erased_at" IS NOT NULL;

-- An erased call is a call with "erased_at": its rows go on routing, so that nothing of it is taken in again.
INSERT INTO "call_tenants" ("call_id", "tenant_id", "agent", "first_position", "erased_at")
  SELECT "call_id", coalesce("tenant_id", ''), "agent", 0, "erased_at" FROM "erased_calls";
DROP TABLE "erased_calls";

-- Of a tenant that was erased: what began in such a span is nobody's, also when there is a tenant of that name again.
ALTER TABLE "ownerships" ADD COLUMN "tenant_erased" BOOLEAN NOT NULL DEFAULT false;
UPDATE "ownerships" o SET "tenant_erased" = true WHERE NOT EXISTS (SELECT FROM "tenants" t WHERE t."id" = o."tenant_id");

-- A repeat is the same identity of the same agent in the same tenant's call, so one key may stand in several rows. The append lock
-- keeps them apart. On a large log, make both indexes with CREATE INDEX CONCURRENTLY before the upgrade.
CREATE INDEX IF NOT EXISTS "events_source_key_idx" ON "events"("source_key");
DROP INDEX "events_source_key_key";
CREATE INDEX IF NOT EXISTS "events_call_id_tenant_id_position_idx" ON "events"("call_id", "tenant_id", "position");
DROP INDEX "events_call_id_position_idx";

-- Who owned an agent at a time. What came before the agent's first owner counts as that owner's; NULL: nobody. Without a time, or when
-- nothing has changed since, it is the owner now.
CREATE FUNCTION agent_owner_at(p_agent text, p_at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN p_at IS NULL
      OR NOT EXISTS (SELECT FROM ownerships o WHERE o.agent = p_agent AND (o.since > p_at OR o.until > p_at))
    THEN (SELECT a.tenant_id FROM agents a WHERE a.name = p_agent)
    ELSE (SELECT s.tenant_id FROM (
        SELECT o.tenant_id, o.until, o.tenant_erased FROM ownerships o WHERE o.agent = p_agent
        ORDER BY o.since <= p_at DESC, CASE WHEN o.since <= p_at THEN -o.id ELSE o.id END LIMIT 1
      ) s WHERE (s.until IS NULL OR s.until > p_at) AND NOT s.tenant_erased)
  END
$$;

-- As before (20261122000100_append_events and 20261124190000_erased_calls_and_lineage have the reasons), and:
--
-- Whose an event is. Of the platform's: the tenant to which its call and agent are routed; of a new call the tenant that owned the agent
-- when the call began, as far as p_begun tells, else the one that owns it now. So of one upstream log that two owners follow one
-- after the other, each gets its own part. Of a tenant's writer: its own, if it owns the agent or the agent is in that call of its already;
-- else the event is refused, whoever else knows the call or the agent.
--
-- Ids come again: when a call has ended or was erased, and its agent has another owner, the next beginning (a start, a chat's message)
-- under the same id is a new call of the new owner's.
--
-- p_begun: by when the call had begun, as its source tells; NULL where it doesn't.
-- call_agent is the event's agent: processes of the version before compare the two.
DROP FUNCTION append_events(text[], text[], text[], timestamptz[], text[], text[], text);
CREATE FUNCTION append_events(
  p_agents text[], p_calls text[], p_types text[], p_ats timestamptz[], p_keys text[], p_data text[], p_only_tenant text,
  p_begun timestamptz[] DEFAULT NULL
) RETURNS TABLE (ord int, tenant_id text, call_agent text, "position" bigint, seq bigint, outcome text)
-- Each look at a large table is a look-up by index. Without statistics the planner would rather read all of it, and what it then
-- expects to pay is so much that it would compile the statement first, which takes longer than the statement.
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
  head bigint;
  resumed bigint;
BEGIN
  SELECT h."position" INTO STRICT head FROM log_head h WHERE h.id = 1 FOR UPDATE;
  SELECT l.resumed_after INTO STRICT resumed FROM log_lineage l WHERE l.id = 1;

  RETURN QUERY
  WITH input AS MATERIALIZED (
    SELECT u.ord::int AS ord, u.agent, u.call_id, u.type, u.at, u.source_key, u.data, u.begun
    FROM unnest(p_agents, p_calls, p_types, p_ats, p_keys, p_data, p_begun)
      WITH ORDINALITY AS u(agent, call_id, type, at, source_key, data, begun, ord)
  ), batch_calls AS MATERIALIZED (
    SELECT DISTINCT ON (i.call_id, i.agent) i.call_id, i.agent, i.begun, i.source_key,
           i.type IN ('call.ringing', 'call.dialing', 'call.started', 'chat.started',
                      'whatsapp.sessionStarted', 'whatsapp.message') AS is_beginning
    FROM input i WHERE i.call_id IS NOT NULL ORDER BY i.call_id, i.agent, i.ord
  ), known AS MATERIALIZED (
    SELECT b.*, a.tenant_id AS owner, c.tenant_id AS known_tenant, c.erased_at,
           b.begun < a.since OR a.since IS NULL AND a.name IS NOT NULL AS is_earlier
    FROM batch_calls b
    LEFT JOIN agents a ON a.name = b.agent
    LEFT JOIN LATERAL (
      SELECT r.tenant_id, r.erased_at FROM call_tenants r
      WHERE p_only_tenant IS NULL AND r.call_id = b.call_id AND r.agent = b.agent AND r.by_platform
      UNION ALL
      (SELECT r.tenant_id, r.erased_at FROM call_tenants r
      WHERE p_only_tenant IS NOT NULL AND r.call_id = b.call_id AND r.tenant_id = p_only_tenant AND r.agent = b.agent LIMIT 1)
    ) c ON true
  ), routed AS MATERIALIZED (
    SELECT k.call_id, k.agent, k.begun, k.owner, k.is_earlier, k.known_tenant, k.erased_at,
           CASE WHEN p_only_tenant IS NULL AND k.is_beginning AND k.known_tenant <> k.owner
                THEN (k.erased_at IS NOT NULL OR EXISTS (SELECT FROM events e
                       WHERE e.call_id = k.call_id AND e.tenant_id IS NOT DISTINCT FROM nullif(k.known_tenant, '')
                         AND e.agent = k.agent AND e.type IN ('call.ended', 'whatsapp.sessionEnded')))
                  AND NOT EXISTS (SELECT FROM events e WHERE e.source_key = k.source_key AND e.agent = k.agent
                       AND e.tenant_id IS NOT DISTINCT FROM nullif(k.known_tenant, ''))
                ELSE false END AS comes_again
    FROM known k
  ), calls AS MATERIALIZED (
    SELECT o.*,
           CASE WHEN o.tenant = o.known_tenant THEN o.erased_at IS NOT NULL
                ELSE (SELECT coalesce(bool_or(x.erased_at IS NOT NULL), false) FROM call_tenants x
                      WHERE x.call_id = o.call_id AND x.tenant_id = o.tenant) END AS is_erased
    FROM (
      SELECT r.*, CASE WHEN r.known_tenant IS NOT NULL AND NOT r.comes_again THEN r.known_tenant
                       WHEN p_only_tenant IS NOT NULL THEN r.owner
                       WHEN r.is_earlier THEN coalesce(agent_owner_at(r.agent, r.begun), '')
                       ELSE coalesce(r.owner, '') END AS tenant
      FROM routed r
    ) o
  ), stamped AS MATERIALIZED (
    SELECT i.*, coalesce(c.is_erased, false) AS is_erased,
           CASE WHEN i.call_id IS NOT NULL THEN nullif(c.tenant, '')
                WHEN p_only_tenant IS NULL AND (i.begun < a.since OR a.since IS NULL AND a.name IS NOT NULL)
                THEN agent_owner_at(i.agent, i.begun)
                ELSE a.tenant_id END AS tenant_id
    FROM input i
    LEFT JOIN calls c ON c.call_id = i.call_id AND c.agent = i.agent
    LEFT JOIN agents a ON a.name = i.agent AND i.call_id IS NULL
  ), permitted AS (
    SELECT s.* FROM stamped s WHERE p_only_tenant IS NULL OR s.tenant_id = p_only_tenant
  ), repeats AS MATERIALIZED (
    -- An event without a call has no tenant but its agent's: a repeat of it that comes after a transfer is a repeat all the same.
    SELECT p.ord FROM permitted p CROSS JOIN LATERAL (
      SELECT FROM events e WHERE e.source_key = p.source_key AND e.agent = p.agent
        AND (p.call_id IS NULL OR e.tenant_id IS NOT DISTINCT FROM p.tenant_id) LIMIT 1
    ) e WHERE p.data IS NOT NULL
  ), fresh AS (
    SELECT DISTINCT ON (p.source_key, p.agent, p.tenant_id) p.* FROM permitted p
    WHERE p.data IS NOT NULL AND NOT p.is_erased AND NOT EXISTS (SELECT FROM repeats r WHERE r.ord = p.ord)
    ORDER BY p.source_key, p.agent, p.tenant_id, p.ord
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
  ), moved_routes AS (
    -- The call that ended stays its tenant's; its row only routes no more.
    UPDATE call_tenants r SET tenant_id = c.tenant, first_position = head + 1, erased_at = NULL
    FROM calls c WHERE p_only_tenant IS NULL AND c.known_tenant IS NOT NULL AND c.known_tenant <> c.tenant
      AND r.call_id = c.call_id AND r.agent = c.agent AND r.by_platform
    RETURNING c.call_id, c.known_tenant, c.erased_at, r.agent
  ), kept_calls AS (
    INSERT INTO call_tenants (call_id, tenant_id, agent, by_platform, first_position, erased_at)
    SELECT m.call_id, m.known_tenant, m.agent, false, head, m.erased_at FROM moved_routes m WHERE m.known_tenant <> ''
    ON CONFLICT DO NOTHING
  ), stamped_calls AS (
    INSERT INTO call_tenants (call_id, tenant_id, agent, by_platform, first_position, erased_at)
    SELECT c.call_id, c.tenant, c.agent, p_only_tenant IS NULL, head + 1, CASE WHEN c.is_erased THEN now() END FROM calls c
    WHERE c.known_tenant IS NULL AND (p_only_tenant IS NULL OR c.tenant = p_only_tenant)
    ON CONFLICT DO NOTHING
  ), seen_agents AS (
    INSERT INTO unowned_agents (name)
    SELECT DISTINCT i.agent FROM input i LEFT JOIN agents a ON a.name = i.agent
    WHERE a.tenant_id IS NULL AND p_only_tenant IS NULL
    ON CONFLICT (name) DO NOTHING
  )
  SELECT s.ord, s.tenant_id, s.agent, n."position", n.seq,
         CASE WHEN p_only_tenant IS NOT NULL AND s.tenant_id IS DISTINCT FROM p_only_tenant THEN 'refused'
              WHEN s.is_erased AND (s.data IS NULL OR NOT EXISTS (SELECT FROM repeats r WHERE r.ord = s.ord)) THEN 'erased'
              WHEN s.data IS NULL THEN 'ephemeral'
              WHEN n.ord IS NULL THEN 'duplicate'
              ELSE 'stored' END
  FROM stamped s LEFT JOIN numbered n ON n.ord = s.ord
  ORDER BY s.ord;
END
$$;
