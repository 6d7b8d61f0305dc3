-- The log in partitions by position, made ahead by the product; each has indexes of its own, as small as its part of the
-- log: what is appended touches few pages, and what has expired goes as a file. The key of an event takes 16 bytes.
--
-- What was stored before stays where it is, in the table that is called events_before from now on. The name "events" is a
-- view of both, which a process of the version before reads and writes as it did the table. All of this changes names and
-- adds what is empty: no row is read.
--
-- It waits for those who read the log in these moments, a fifth of a second at a time, and lets appends pass in between:
-- in all they wait for 1.6 s at most. Where that was not enough the start fails, and the next one tries again.
DO $$
BEGIN
  FOR attempt IN 1..8 LOOP
    BEGIN
      PERFORM set_config('lock_timeout', '200ms', true);
      -- In the order of an append.
      LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE;
      LOCK TABLE events IN ACCESS EXCLUSIVE MODE;
      EXIT;
    EXCEPTION WHEN lock_not_available THEN
      IF attempt = 8 THEN RAISE; END IF;
      PERFORM pg_sleep(attempt);
    END;
  END LOOP;
END $$;

-- room: positions up to it have a partition. before_until: events up to it may stand in events_before.
ALTER TABLE "log_head" ADD COLUMN "room" BIGINT NOT NULL DEFAULT 0, ADD COLUMN "before_until" BIGINT NOT NULL DEFAULT 0;
UPDATE "log_head" SET "room" = "position", "before_until" = "position";

ALTER TABLE "events" RENAME TO "events_before";
ALTER INDEX "events_pkey" RENAME TO "events_before_pkey";
ALTER INDEX "events_call_id_tenant_id_position_idx" RENAME TO "events_before_call_id_tenant_id_position_idx";
ALTER INDEX "events_source_key_idx" RENAME TO "events_before_source_key_idx";
ALTER INDEX "events_tenant_id_seq_key" RENAME TO "events_before_tenant_id_seq_key";
ALTER INDEX "events_unowned_idx" RENAME TO "events_before_unowned_idx";

-- Each partition has a unique index on (tenant_id, seq) besides: a table in partitions cannot say that for all of them.
-- Over all of them the seqs are unique because they are given one after the other, from tenant_heads, under the append lock.
CREATE TABLE "log_events" (
    "position" BIGINT NOT NULL,
    "seq" BIGINT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "key" UUID NOT NULL,
    "tenant_id" TEXT,
    "call_id" TEXT,
    "agent" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" TEXT NOT NULL,

    CONSTRAINT "log_events_pkey" PRIMARY KEY ("position")
) PARTITION BY RANGE ("position");

CREATE INDEX "log_events_call_id_tenant_id_position_idx" ON "log_events" ("call_id", "tenant_id", "position");
CREATE INDEX "log_events_key_idx" ON "log_events" ("key");
CREATE INDEX "log_events_unowned_idx" ON "log_events" ("position") WHERE "tenant_id" IS NULL;

CREATE VIEW "events" AS
  SELECT "position", tenant_id, seq, call_id, agent, type, at, received_at, source_key, data FROM "events_before"
  UNION ALL
  SELECT "position", tenant_id, seq, call_id, agent, type, at, received_at, NULL::text, data FROM "log_events";

-- What is stored of a key: half of a hash of it. Two keys that meet in it would have to be made to, by 2^64 trials. (STABLE,
-- as convert_to is: only then PostgreSQL writes it out where it is used, which takes a twentieth of the time.)
CREATE FUNCTION "log_key"(p_key text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT encode(substr(sha256(convert_to(p_key, 'UTF8')), 1, 16), 'hex')::uuid
$$;

-- A partition for positions from p_first to p_last; nobody waits for it who reads or appends. Partitions are made and dropped
-- with the rights of who migrates: the login of the processes need not own the log.
CREATE FUNCTION "make_log_partition"(p_first bigint, p_last bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER AS $$
DECLARE
  name text := 'log_events_' || p_first;
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE log_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format('CREATE UNIQUE INDEX ON %I (tenant_id, seq)', name);
  EXECUTE format('ALTER TABLE log_events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, p_first, p_last + 1);
END $$;

-- Drops a partition of which nothing is left; false for one that holds something. Readers and appends wait for the drop alone.
CREATE FUNCTION "drop_log_partition"(p_name text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER AS $$
DECLARE
  partition regclass := p_name::regclass;
  is_held boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = 'log_events'::regclass AND i.inhrelid = partition) THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', partition) INTO is_held;
  IF is_held THEN RETURN false; END IF;
  LOCK TABLE log_events IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', partition) INTO is_held;
  IF is_held THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %s', partition);
  RETURN true;
END $$;

-- They see the tables of this schema, and none that a caller has made in a temporary one.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION make_log_partition(bigint, bigint) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION drop_log_partition(text) SET search_path = %I, pg_temp', current_schema());
END $$;

-- So many positions go into a partition: a 24th of what there is, so that there are 24 to 48 of them; 250,000 at least.
CREATE FUNCTION "log_partition_size"() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT 250000 * (2 ^ ceil(log(2, greatest(1, sum(greatest(c.reltuples, 0)) / 24 / 250000)::numeric)))::bigint
  FROM pg_class c WHERE c.oid = 'events_before'::regclass
    OR c.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'log_events'::regclass)
$$;

-- Makes room for positions up to p_last, if there is none; within a transaction that holds the append lock. Positions that
-- were passed over (src/events/log/log-lineage.ts) get no partition.
CREATE FUNCTION "extend_log"(p_last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first bigint;
  last bigint;
BEGIN
  -- Who writes by hand may have moved the head before.
  SELECT least(p_last, greatest(h."position", h.room) + 1) INTO STRICT first FROM log_head h WHERE h.id = 1 AND h.room < p_last;
  last := first - 1 + log_partition_size();
  IF last < p_last THEN last := p_last + log_partition_size(); END IF;
  PERFORM make_log_partition(first, last);
  UPDATE log_head SET room = last WHERE id = 1;
EXCEPTION WHEN no_data_found THEN NULL;
END $$;

-- Of these keys, those that the log has. Of the versions before, whose keys were others.
CREATE FUNCTION "stored_keys"(p_keys text[]) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT k.key FROM unnest(p_keys) AS k(key)
  WHERE EXISTS (SELECT FROM events_before e WHERE e.source_key = k.key)
     OR EXISTS (SELECT FROM log_events e WHERE e.key = log_key(k.key))
$$;

-- A process of the version before, and whoever repairs the log by hand, writes through the view.
CREATE FUNCTION "events_written"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM 1 FROM log_head WHERE id = 1 FOR UPDATE;
    PERFORM extend_log(NEW."position");
    INSERT INTO log_events ("position", tenant_id, seq, call_id, agent, type, at, received_at, key, data)
    VALUES (NEW."position", NEW.tenant_id, NEW.seq, NEW.call_id, NEW.agent, NEW.type, NEW.at,
            coalesce(NEW.received_at, now()), log_key(NEW.source_key), NEW.data);
    RETURN NEW;
  ELSIF TG_OP = 'UPDATE' THEN
    -- In this order: an event that is moved meanwhile is found in its new place.
    UPDATE events_before e SET (tenant_id, seq, call_id, agent, type, at, received_at, source_key, data) =
      ROW (NEW.tenant_id, NEW.seq, NEW.call_id, NEW.agent, NEW.type, NEW.at, NEW.received_at,
           coalesce(NEW.source_key, e.source_key), NEW.data) WHERE e."position" = OLD."position";
    IF NOT FOUND THEN
      UPDATE log_events e SET (tenant_id, seq, call_id, agent, type, at, received_at, key, data) =
        ROW (NEW.tenant_id, NEW.seq, NEW.call_id, NEW.agent, NEW.type, NEW.at, NEW.received_at,
             coalesce(log_key(NEW.source_key), e.key), NEW.data) WHERE e."position" = OLD."position";
    END IF;
    RETURN CASE WHEN FOUND THEN NEW END;
  END IF;
  DELETE FROM events_before WHERE "position" = OLD."position";
  IF NOT FOUND THEN DELETE FROM log_events WHERE "position" = OLD."position"; END IF;
  RETURN CASE WHEN FOUND THEN OLD END;
END $$;

CREATE TRIGGER "events_written" INSTEAD OF INSERT OR UPDATE OR DELETE ON "events"
  FOR EACH ROW EXECUTE FUNCTION "events_written"();

-- Functions that answer with rows of "events" answer with rows of the table that had that name: the columns are the same,
-- and they are not made anew, for processes of the version before have them in their prepared statements.
DO $$
DECLARE
  definition text;
BEGIN
  FOR definition IN SELECT pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE p.prorettype = (SELECT c.reltype FROM pg_class c WHERE c.oid = 'events_before'::regclass) AND p.prokind = 'f'
  LOOP
    EXECUTE replace(definition, 'event events;', 'event events_before;');
  END LOOP;
END $$;

-- As before, but for where it looks and writes. A repeat of an event is looked for from the beginning of the first of the
-- calls on, since none of their events stands before it: mostly in the newest partition alone.
CREATE OR REPLACE FUNCTION append_events(p_agents text[], p_calls text[], p_types text[], p_ats timestamp with time zone[], p_keys text[], p_data text[], p_only_tenant text, p_begun timestamp with time zone[] DEFAULT NULL::timestamp with time zone[])
 RETURNS TABLE(ord integer, tenant_id text, call_agent text, "position" bigint, seq bigint, outcome text)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
DECLARE
  head bigint;
  room bigint;
  before_until bigint;
  resumed bigint;
  since bigint;
BEGIN
  SELECT h."position", h.room, h.before_until INTO STRICT head, room, before_until FROM log_head h WHERE h.id = 1 FOR UPDATE;
  IF head + cardinality(p_agents) > room THEN PERFORM extend_log(head + cardinality(p_agents)); END IF;
  SELECT l.resumed_after INTO STRICT resumed FROM log_lineage l WHERE l.id = 1;

  -- What belongs to no call may stand anywhere. So may what is as old as events_before: where a call began is not always
  -- known of that time.
  since := 0;
  IF array_position(p_calls, NULL) IS NULL THEN
    SELECT coalesce(min(r.first_position), head + 1) INTO since FROM call_tenants r WHERE r.call_id = ANY (p_calls);
    IF since <= before_until THEN since := 0; END IF;
  END IF;

  RETURN QUERY
  WITH input AS MATERIALIZED (
    SELECT u.ord::int AS ord, u.agent, u.call_id, u.type, u.at, u.source_key, log_key(u.source_key) AS key, u.data, u.begun
    FROM unnest(p_agents, p_calls, p_types, p_ats, p_keys, p_data, p_begun)
      WITH ORDINALITY AS u(agent, call_id, type, at, source_key, data, begun, ord)
  ), batch_calls AS MATERIALIZED (
    SELECT DISTINCT ON (i.call_id, i.agent) i.call_id, i.agent, i.begun, i.source_key, i.key,
           i.type IN ('call.ringing', 'call.dialing', 'call.started', 'chat.started',
                      'whatsapp.sessionStarted', 'whatsapp.message') AS is_beginning
    FROM input i WHERE i.call_id IS NOT NULL ORDER BY i.call_id, i.agent, i.ord
  ), known AS MATERIALIZED (
    SELECT b.*, a.tenant_id AS owner, c.tenant_id AS known_tenant, c.erased_at, c.first_position AS known_since,
           b.begun < a.since OR a.since IS NULL AND a.name IS NOT NULL AS is_earlier
    FROM batch_calls b
    LEFT JOIN agents a ON a.name = b.agent
    LEFT JOIN LATERAL (
      SELECT r.tenant_id, r.erased_at, r.first_position FROM call_tenants r
      WHERE p_only_tenant IS NULL AND r.call_id = b.call_id AND r.agent = b.agent AND r.by_platform
      UNION ALL
      (SELECT r.tenant_id, r.erased_at, r.first_position FROM call_tenants r
      WHERE p_only_tenant IS NOT NULL AND r.call_id = b.call_id AND r.tenant_id = p_only_tenant AND r.agent = b.agent LIMIT 1)
    ) c ON true
  ), routed AS MATERIALIZED (
    SELECT k.call_id, k.agent, k.begun, k.owner, k.is_earlier, k.known_tenant, k.known_since, k.erased_at,
           CASE WHEN p_only_tenant IS NULL AND k.is_beginning AND k.known_tenant <> k.owner
                THEN (k.erased_at IS NOT NULL OR EXISTS (SELECT FROM events e
                       WHERE e.call_id = k.call_id AND e.tenant_id IS NOT DISTINCT FROM nullif(k.known_tenant, '')
                         AND e.agent = k.agent AND e.type IN ('call.ended', 'whatsapp.sessionEnded')
                         AND e."position" >= since))
                  AND NOT EXISTS (SELECT FROM log_events e WHERE e.key = k.key AND e.agent = k.agent
                       AND e.tenant_id IS NOT DISTINCT FROM nullif(k.known_tenant, '') AND e."position" >= since)
                  AND NOT (since = 0 AND EXISTS (SELECT FROM events_before e WHERE e.source_key = k.source_key
                       AND e.agent = k.agent AND e.tenant_id IS NOT DISTINCT FROM nullif(k.known_tenant, '')))
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
      SELECT FROM log_events e WHERE e.key = p.key AND e.agent = p.agent AND e."position" >= since
        AND (p.call_id IS NULL OR e.tenant_id IS NOT DISTINCT FROM p.tenant_id) LIMIT 1
    ) e WHERE p.data IS NOT NULL
    UNION ALL
    SELECT p.ord FROM permitted p CROSS JOIN LATERAL (
      SELECT FROM events_before e WHERE e.source_key = p.source_key AND e.agent = p.agent
        AND (p.call_id IS NULL OR e.tenant_id IS NOT DISTINCT FROM p.tenant_id) LIMIT 1
    ) e WHERE p.data IS NOT NULL AND since = 0 AND before_until > 0
  ), fresh AS (
    SELECT DISTINCT ON (p.key, p.agent, p.tenant_id) p.* FROM permitted p
    WHERE p.data IS NOT NULL AND NOT p.is_erased AND NOT EXISTS (SELECT FROM repeats r WHERE r.ord = p.ord)
    ORDER BY p.key, p.agent, p.tenant_id, p.ord
  ), numbered AS MATERIALIZED (
    SELECT f.*,
           head + row_number() OVER (ORDER BY f.ord) AS "position",
           CASE WHEN f.tenant_id IS NOT NULL
                THEN coalesce(t.seq, resumed) + row_number() OVER (PARTITION BY f.tenant_id ORDER BY f.ord) END AS seq
    FROM fresh f LEFT JOIN tenant_heads t ON t.tenant_id = f.tenant_id
  ), inserted AS (
    INSERT INTO log_events ("position", tenant_id, seq, call_id, agent, type, at, key, data)
    SELECT n."position", n.tenant_id, n.seq, n.call_id, n.agent, n.type, n.at, n.key, n.data
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
    RETURNING c.call_id, c.known_tenant, c.known_since, c.erased_at, r.agent
  ), kept_calls AS (
    INSERT INTO call_tenants (call_id, tenant_id, agent, by_platform, first_position, erased_at)
    SELECT m.call_id, m.known_tenant, m.agent, false, m.known_since, m.erased_at FROM moved_routes m WHERE m.known_tenant <> ''
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
$function$;
