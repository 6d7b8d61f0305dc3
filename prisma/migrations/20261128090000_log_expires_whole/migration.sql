-- Partitions leave the log whole when their events have been kept for their time. First the partition is taken out of the log
-- and gets another name, in one transaction that holds the log for a moment. What was made of its events is then removed
-- batch by batch, from what the table says. The table itself is dropped last, so a kill in between loses nothing: whoever
-- comes next finds the table and goes on.

-- The partition as it stands in the log; NULL: there is none of that name.
CREATE FUNCTION "log_partition"(p_name text) RETURNS regclass LANGUAGE sql STABLE AS $$
  SELECT i.inhrelid::regclass FROM pg_inherits i
  WHERE i.inhparent = 'log_events'::regclass AND i.inhrelid = to_regclass(p_name)
$$;

-- Takes a partition out of the log. Rows of the tenants in p_kept ('': nobody's) stay: they are copied into a table that takes
-- the partition's place and name. Returns the name of the table that was taken out; NULL: somebody was quicker. Nobody
-- waits while rows are copied, except for who changes a row of this partition. Only the two tables are locked: others
-- may be read or vacuumed for as long as they like.
CREATE FUNCTION "take_log_partition"(p_name text, p_kept text[]) RETURNS text LANGUAGE plpgsql
SECURITY DEFINER AS $$
DECLARE
  partition regclass := log_partition(p_name);
  taken text;
  heir text;
  bounds text;
  ends bigint[];
BEGIN
  IF partition IS NULL THEN RETURN NULL; END IF;
  SELECT c.relname, 'log_expired_' || c.oid, pg_get_expr(c.relpartbound, c.oid) INTO p_name, taken, bounds
  FROM pg_class c WHERE c.oid = partition;
  IF cardinality(p_kept) > 0 THEN
    heir := 'log_kept_' || partition::oid;
    ends := regexp_match(bounds, 'FROM \(''?(\d+)''?\) TO \(''?(\d+)');
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE MODE', partition);
    IF log_partition(p_name) IS DISTINCT FROM partition THEN RETURN NULL; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE log_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', heir);
    EXECUTE format('INSERT INTO %I SELECT * FROM %s WHERE coalesce(tenant_id, '''') = ANY ($1) ORDER BY "position"', heir, partition)
      USING p_kept;
    EXECUTE format('CREATE UNIQUE INDEX ON %I (tenant_id, seq)', heir);
    EXECUTE format('DELETE FROM %s WHERE coalesce(tenant_id, '''') = ANY ($1)', partition) USING p_kept;
    -- So that it need not be looked through while the log is locked.
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT bounds CHECK ("position" >= %s AND "position" < %s)', heir, ends[1], ends[2]);
  END IF;
  -- In the order of everybody who reads or writes.
  LOCK TABLE ONLY log_events IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', partition);
  IF log_partition(p_name) IS DISTINCT FROM partition THEN RETURN NULL; END IF;
  EXECUTE format('ALTER TABLE log_events DETACH PARTITION %s', partition);
  EXECUTE format('ALTER TABLE %s RENAME TO %I', partition, taken);
  IF heir IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %I RENAME TO %I', heir, p_name);
    EXECUTE format('ALTER TABLE log_events ATTACH PARTITION %I %s', p_name, bounds);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT bounds', p_name);
  END IF;
  RETURN taken;
END $$;

-- A table that was taken out of the log; NULL: it is gone.
CREATE FUNCTION "log_expired"(p_name text) RETURNS regclass LANGUAGE sql STABLE AS $$
  SELECT c.oid::regclass FROM pg_class c WHERE p_name ~ '^log_expired_\d+$' AND c.oid = to_regclass(p_name)
    AND c.relkind = 'r' AND NOT c.relispartition
$$;

-- Calls of which such a table has events, in the order of their ids, after one of those; all tenants' ('': nobody's) of an id.
CREATE FUNCTION "log_expired_calls"(p_name text, p_after text, p_limit int)
RETURNS TABLE (call_id text, tenant_id text) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET enable_seqscan TO 'off' SET enable_bitmapscan TO 'off' AS $$
#variable_conflict use_column
DECLARE
  expired regclass := log_expired(p_name);
BEGIN
  IF expired IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE format('SELECT DISTINCT e.call_id, coalesce(e.tenant_id, '''') FROM %1$s e
    WHERE e.call_id > $1 AND e.call_id <= (SELECT max(page.call_id) FROM (
      SELECT DISTINCT x.call_id FROM %1$s x WHERE x.call_id > $1 ORDER BY x.call_id LIMIT $2) page) ORDER BY 1, 2', expired)
    USING p_after, p_limit;
END $$;

-- How many events of each tenant ('': nobody's) such a table has, and the last of them.
CREATE FUNCTION "log_expired_events"(p_name text) RETURNS TABLE (tenant_id text, events bigint, last bigint) LANGUAGE plpgsql STABLE
SECURITY DEFINER AS $$
#variable_conflict use_column
BEGIN
  IF log_expired(p_name) IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE format('SELECT coalesce(e.tenant_id, ''''), count(*), max(e.seq) FROM %s e GROUP BY 1 ORDER BY 1',
    log_expired(p_name));
END $$;

-- Drops such a table, with which its disk is given back. False: somebody was quicker.
CREATE FUNCTION "drop_log_expired"(p_name text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER AS $$
BEGIN
  IF log_expired(p_name) IS NULL THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %s', log_expired(p_name));
  RETURN true;
END $$;

-- Gives back the disk of the table of the versions before, once retention has left nothing of it. False: it holds something, or
-- takes no room.
CREATE FUNCTION "empty_log_before"() RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER AS $$
BEGIN
  IF pg_relation_size('events_before_pkey') <= 16384 OR EXISTS (SELECT FROM events_before) THEN RETURN false; END IF;
  LOCK TABLE ONLY events_before IN ACCESS EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM events_before) THEN RETURN false; END IF;
  TRUNCATE events_before;
  RETURN true;
END $$;

-- They see the tables of this schema, and none that a caller has made in a temporary one.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['take_log_partition(text, text[])', 'log_expired_calls(text, text, int)', 'log_expired_events(text)',
    'drop_log_expired(text)', 'empty_log_before()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
  END LOOP;
END $$;

-- As before, but it locks only the log and the partition, so nobody waits for who reads or vacuums another one; and a
-- partition that somebody else has dropped meanwhile is no error.
CREATE OR REPLACE FUNCTION "drop_log_partition"(p_name text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER AS $$
DECLARE
  partition regclass := log_partition(p_name);
  is_held boolean;
BEGIN
  IF partition IS NULL THEN RETURN false; END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', partition) INTO is_held;
  IF is_held THEN RETURN false; END IF;
  LOCK TABLE ONLY log_events IN ACCESS EXCLUSIVE MODE;
  IF log_partition(p_name) IS DISTINCT FROM partition THEN RETURN false; END IF;
  EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', partition);
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', partition) INTO is_held;
  IF is_held THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %s', partition);
  RETURN true;
END $$;

DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION drop_log_partition(text) SET search_path = %I, pg_temp', current_schema());
END $$;

-- As before, but a repeat is known by the key that the log keeps. (It was looked for in a column that the partitions don't have.)
CREATE OR REPLACE FUNCTION append_tenant_event(p_tenant text, p_type text, p_at timestamptz, p_key text, p_data text)
RETURNS TABLE("position" bigint, seq bigint)
LANGUAGE plpgsql SET enable_seqscan TO 'off' SET enable_bitmapscan TO 'off' AS $$
#variable_conflict use_column
DECLARE
  head bigint;
  number bigint;
BEGIN
  SELECT h."position" INTO STRICT head FROM log_head h WHERE h.id = 1 FOR UPDATE;
  IF NOT EXISTS (SELECT FROM tenants t WHERE t.id = p_tenant)
    OR EXISTS (SELECT FROM log_events e WHERE e.key = log_key(p_key) AND e.tenant_id = p_tenant)
    OR EXISTS (SELECT FROM events_before e WHERE e.source_key = p_key AND e.tenant_id = p_tenant) THEN
    RETURN;
  END IF;
  PERFORM extend_log(head + 1);
  INSERT INTO tenant_heads AS t (tenant_id, seq) SELECT p_tenant, l.resumed_after + 1 FROM log_lineage l WHERE l.id = 1
    ON CONFLICT (tenant_id) DO UPDATE SET seq = t.seq + 1 RETURNING t.seq INTO number;
  INSERT INTO log_events ("position", tenant_id, seq, agent, type, at, key, data)
    VALUES (head + 1, p_tenant, number, '', p_type, p_at, log_key(p_key), p_data);
  UPDATE log_head h SET "position" = head + 1 WHERE h.id = 1;
  RETURN QUERY SELECT head + 1, number;
END
$$;

-- A call that goes to another owner may have a row of its tenant's own writer already, which began later. What it began with
-- is where repeats are looked for: the earlier of the two.
DO $$
DECLARE
  definition text := pg_get_functiondef('append_events'::regproc);
  kept text := $kept$m.known_tenant <> ''
    ON CONFLICT DO NOTHING$kept$;
BEGIN
  IF position(kept IN definition) = 0 THEN RAISE 'append_events is not what it was'; END IF;
  EXECUTE replace(definition, kept, $kept$m.known_tenant <> ''
    ON CONFLICT (call_id, tenant_id, agent, by_platform)
      DO UPDATE SET first_position = least(call_tenants.first_position, EXCLUDED.first_position)$kept$);
END $$;
