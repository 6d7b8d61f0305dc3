-- Live rules (docs/rules.md): what tenants have written, and an append that holds only while nothing more has come of a call. New things
-- only: processes of the version before know nothing of them.
CREATE TABLE "rules" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "agents" TEXT[],
    "when" JSONB NOT NULL,
    "once" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "timed" BOOLEAN NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "since" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rules_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "rules_tenant_id_created_at_id_idx" ON "rules" ("tenant_id", "created_at", "id");
-- Whose calls are watched by the clock, besides by their events.
CREATE INDEX "rules_timed_idx" ON "rules" ("tenant_id") WHERE "enabled" AND "timed";

ALTER TABLE "rules" ADD CONSTRAINT "rules_tenant_id_fkey"
  FOREIGN KEY ("tenant_id") REFERENCES "tenants" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- As append_events, but what has a position in p_unless_after is refused where its call has had an event since, other than what rules
-- said of it. Looked at under the append lock: nothing comes in between.
CREATE FUNCTION append_events_if_still(p_agents text[], p_calls text[], p_types text[], p_ats timestamptz[], p_keys text[],
    p_data text[], p_only_tenant text, p_begun timestamptz[], p_unless_after bigint[])
  RETURNS TABLE (ord integer, tenant_id text, call_agent text, "position" bigint, seq bigint, outcome text)
  LANGUAGE plpgsql
  SET enable_seqscan TO 'off'
  SET enable_bitmapscan TO 'off'
  SET jit TO 'off'
AS $function$
#variable_conflict use_column
DECLARE
  kept int[];
BEGIN
  PERFORM FROM log_head h WHERE h.id = 1 FOR UPDATE;
  SELECT coalesce(array_agg(u.ord ORDER BY u.ord), '{}') INTO kept
  FROM unnest(p_calls, p_unless_after) WITH ORDINALITY AS u(call_id, unless_after, ord)
  WHERE u.unless_after IS NULL OR NOT EXISTS (SELECT FROM events e WHERE e.call_id = u.call_id
    AND e.tenant_id IS NOT DISTINCT FROM p_only_tenant AND e."position" > u.unless_after AND e.type <> 'rule.fired');
  RETURN QUERY SELECT asked.ord, a.tenant_id, a.call_agent, a."position", a.seq, coalesce(a.outcome, 'refused')
  FROM generate_series(1, cardinality(p_calls)) AS asked(ord)
  LEFT JOIN append_events(
    ARRAY(SELECT p_agents[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n),
    ARRAY(SELECT p_calls[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n),
    ARRAY(SELECT p_types[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n),
    ARRAY(SELECT p_ats[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n),
    ARRAY(SELECT p_keys[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n),
    ARRAY(SELECT p_data[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n),
    p_only_tenant,
    ARRAY(SELECT p_begun[k.ord] FROM unnest(kept) WITH ORDINALITY AS k(ord, n) ORDER BY k.n)) a ON kept[a.ord] = asked.ord
  ORDER BY asked.ord;
END
$function$;
