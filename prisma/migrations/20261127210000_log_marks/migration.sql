-- Where in the log something stands: of each 4,096 numbers of a tenant ('' : of the platform's positions), which types,
-- agents and (of the platform's) tenants occur, and at which places of the chunk; null where they are more than 128. The
-- server writes it behind the log, a whole chunk at a time (src/events/log/log-marks.ts); what is not marked yet is looked
-- through as before. So nothing here is true that the log does not say: whoever reads by marks tests each event again.
CREATE TABLE log_marks (
    tenant_id text NOT NULL,
    -- type, agent or tenant
    kind text NOT NULL,
    -- '*': the chunk has too many of them to name; '' of the kind tenant: nobody's.
    name text NOT NULL,
    -- Chunk n has the numbers from n * 4096 + 1 on.
    chunk bigint NOT NULL,
    places smallint[],
    CONSTRAINT log_marks_pkey PRIMARY KEY (tenant_id, kind, name, chunk)
);

-- The number up to which a log is marked: a multiple of 4096.
CREATE TABLE log_marked (
    tenant_id text NOT NULL,
    until bigint NOT NULL,
    CONSTRAINT log_marked_pkey PRIMARY KEY (tenant_id)
);

-- Marks the next whole chunk of a log. False when there is none, or somebody else is at it.
CREATE FUNCTION mark_log(p_tenant text) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan TO 'off' SET enable_bitmapscan TO 'off' AS $function$
DECLARE
  marked bigint;
  head bigint;
  low bigint;
BEGIN
  -- A tenant that is being erased goes with its numbers: its marks are gone before, or not written.
  IF p_tenant = '' THEN SELECT h."position" INTO head FROM log_head h WHERE h.id = 1;
  ELSE SELECT h.seq INTO head FROM tenant_heads h WHERE h.tenant_id = p_tenant FOR KEY SHARE; END IF;
  IF head IS NULL THEN RETURN false; END IF;
  INSERT INTO log_marked (tenant_id, until) VALUES (p_tenant, 0) ON CONFLICT DO NOTHING;
  SELECT m.until INTO marked FROM log_marked m WHERE m.tenant_id = p_tenant FOR UPDATE SKIP LOCKED;
  IF marked IS NULL OR head < marked + 4096 THEN RETURN false; END IF;
  -- What retention has taken away, or a restore has passed over, is not walked through.
  IF p_tenant = '' THEN SELECT e."position" INTO low FROM events e WHERE e."position" > marked ORDER BY e."position" LIMIT 1;
  ELSE SELECT e.seq INTO low FROM events e WHERE e.tenant_id = p_tenant AND e.seq > marked ORDER BY e.seq LIMIT 1; END IF;
  low := greatest(marked, (coalesce(low, head) - 1) / 4096 * 4096);
  IF head < low + 4096 THEN
    UPDATE log_marked m SET until = low WHERE m.tenant_id = p_tenant;
    RETURN false;
  END IF;
  WITH chunk AS MATERIALIZED (
    SELECT (e."position" - low)::smallint AS place, e.type, e.agent, coalesce(e.tenant_id, '') AS tenant FROM events e
    WHERE p_tenant = '' AND e."position" > low AND e."position" <= low + 4096
    UNION ALL
    SELECT (e.seq - low)::smallint, e.type, e.agent, NULL FROM events e
    WHERE p_tenant <> '' AND e.tenant_id = p_tenant AND e.seq > low AND e.seq <= low + 4096
  ), named AS (
    SELECT k.kind, k.name, count(*) AS events, array_agg(c.place ORDER BY c.place) AS places,
           row_number() OVER (PARTITION BY k.kind ORDER BY k.name) > 1024 AS is_too_many
    FROM chunk c CROSS JOIN LATERAL (VALUES ('type', c.type), ('agent', c.agent), ('tenant', c.tenant)) AS k(kind, name)
    WHERE k.name IS NOT NULL GROUP BY k.kind, k.name
  )
  INSERT INTO log_marks (tenant_id, kind, name, chunk, places)
  SELECT p_tenant, n.kind, n.name, low / 4096, CASE WHEN n.events <= 128 THEN n.places END FROM named n WHERE NOT n.is_too_many
  UNION ALL SELECT DISTINCT p_tenant, n.kind, '*', low / 4096, NULL::smallint[] FROM named n WHERE n.is_too_many
  ON CONFLICT DO NOTHING;
  UPDATE log_marked m SET until = low + 4096 WHERE m.tenant_id = p_tenant;
  RETURN true;
END
$function$;

-- A tombstone is an event of another type in the place of the one that was there.
CREATE FUNCTION mark_again(p_tenant text, p_seqs bigint[], p_positions bigint[], p_type text) RETURNS void LANGUAGE sql AS $function$
  INSERT INTO log_marks (tenant_id, kind, name, chunk, places)
  SELECT DISTINCT p_tenant, 'type', p_type, (n - 1) / 4096, NULL::smallint[] FROM unnest(p_seqs) n WHERE p_tenant <> ''
  UNION ALL SELECT DISTINCT '', 'type', p_type, (n - 1) / 4096, NULL::smallint[] FROM unnest(p_positions) n
  ORDER BY 1, 2, 3, 4
  ON CONFLICT (tenant_id, kind, name, chunk) DO UPDATE SET places = NULL
$function$;

-- The names that these patterns stand for in a log, as far as it is marked; null where they are too many to look for one by one.
CREATE FUNCTION marked_names(p_log text, p_kind text, p_patterns text[]) RETURNS text[] LANGUAGE plpgsql STABLE AS $function$
DECLARE
  names text[] := ARRAY['*'];
  one text := '';
  looked int := 0;
BEGIN
  IF p_patterns IS NULL OR cardinality(p_patterns) > 100 THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT FROM unnest(p_patterns) p WHERE right(p, 1) = '%') THEN
    RETURN names || (SELECT array_agg(replace(p, '\_', '_')) FROM unnest(p_patterns) p);
  END IF;
  LOOP
    SELECT m.name INTO one FROM log_marks m WHERE m.tenant_id = p_log AND m.kind = p_kind AND m.name > one ORDER BY m.name LIMIT 1;
    EXIT WHEN one IS NULL;
    looked := looked + 1;
    IF one LIKE ANY (p_patterns) THEN names := names || one; END IF;
    IF looked > 1000 OR cardinality(names) > 100 THEN RETURN NULL; END IF;
  END LOOP;
  RETURN names;
END
$function$;

-- The first chunk from one on in which one of these names occurs; null: there is none. Its plan is kept, and bent by its caller.
CREATE FUNCTION marked_chunk(p_log text, p_kind text, p_names text[], p_from bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $function$
BEGIN
  RETURN (SELECT min(found.chunk) FROM unnest(p_names) AS asked(name) CROSS JOIN LATERAL (
    SELECT m.chunk FROM log_marks m WHERE m.tenant_id = p_log AND m.kind = p_kind AND m.name = asked.name AND m.chunk >= p_from
    ORDER BY m.chunk LIMIT 1) found);
END
$function$;

-- The places of a chunk at which one of these names stands, in order; null: many.
CREATE FUNCTION marked_places(p_log text, p_kind text, p_names text[], p_chunk bigint) RETURNS smallint[] LANGUAGE plpgsql STABLE AS $function$
DECLARE
  mark record;
  found smallint[] := '{}';
BEGIN
  FOR mark IN SELECT m.places FROM unnest(p_names) AS asked(name)
    JOIN log_marks m ON m.tenant_id = p_log AND m.kind = p_kind AND m.name = asked.name AND m.chunk = p_chunk
  LOOP
    IF mark.places IS NULL THEN RETURN NULL; END IF;
    found := found || mark.places;
  END LOOP;
  RETURN ARRAY(SELECT DISTINCT p FROM unnest(found) p ORDER BY p);
END
$function$;

-- Where a filter goes on after a number: either places, which are all that it can let through of (p_after, reached], or, where
-- those are null, a window [first, reached] to be looked through. A list that is null lets everything through.
CREATE FUNCTION log_stretch(p_tenant text, p_after bigint, p_size bigint, p_limit int, p_agents text[], p_types text[],
  p_tenants text[], OUT first bigint, OUT reached bigint, OUT is_end boolean, OUT places bigint[])
LANGUAGE plpgsql STABLE
SET enable_seqscan TO 'off' SET enable_bitmapscan TO 'off' SET enable_hashjoin TO 'off' SET enable_mergejoin TO 'off' AS $function$
DECLARE
  log text := coalesce(p_tenant, '');
  marked bigint;
  agents text[] := CASE WHEN cardinality(p_agents) <= 100 THEN ARRAY['*'] || p_agents END;
  types text[];
  tenants text[] := CASE WHEN cardinality(p_tenants) <= 100 THEN ARRAY['*'] || p_tenants END;
  chunk bigint := p_after / 4096;
  before bigint;
  found smallint[];
  others smallint[];
  windows int := 0;
BEGIN
  SELECT m.until INTO marked FROM log_marked m WHERE m.tenant_id = log;
  IF p_after < marked THEN types := marked_names(log, 'type', p_types); END IF;
  IF p_after >= marked OR marked IS NULL OR (agents IS NULL AND types IS NULL AND tenants IS NULL) THEN
    SELECT w.first, w.reached, w.is_end INTO first, reached, is_end FROM log_window(p_tenant, p_after, p_size) w;
    RETURN;
  END IF;
  first := p_after + 1;
  reached := p_after;
  is_end := false;
  places := '{}';
  FOR step IN 1..200 LOOP
    before := NULL;
    WHILE chunk IS DISTINCT FROM before LOOP
      before := chunk;
      IF agents IS NOT NULL THEN chunk := marked_chunk(log, 'agent', agents, chunk); END IF;
      IF types IS NOT NULL AND chunk IS NOT NULL THEN chunk := marked_chunk(log, 'type', types, chunk); END IF;
      IF tenants IS NOT NULL AND chunk IS NOT NULL THEN chunk := marked_chunk(log, 'tenant', tenants, chunk); END IF;
    END LOOP;
    EXIT WHEN windows > 0 AND (chunk IS NULL OR chunk * 4096 > reached);
    IF chunk IS NULL OR chunk * 4096 >= marked THEN
      reached := marked;
      RETURN;
    END IF;
    found := NULL;
    IF agents IS NOT NULL THEN found := marked_places(log, 'agent', agents, chunk); END IF;
    IF types IS NOT NULL THEN
      others := marked_places(log, 'type', types, chunk);
      found := CASE WHEN found IS NULL OR others IS NULL THEN coalesce(found, others)
                    ELSE ARRAY(SELECT unnest(found) INTERSECT SELECT unnest(others) ORDER BY 1) END;
    END IF;
    IF tenants IS NOT NULL THEN
      others := marked_places(log, 'tenant', tenants, chunk);
      found := CASE WHEN found IS NULL OR others IS NULL THEN coalesce(found, others)
                    ELSE ARRAY(SELECT unnest(found) INTERSECT SELECT unnest(others) ORDER BY 1) END;
    END IF;
    -- Windows and places are not mixed: the one that comes second is the next stretch.
    IF found IS NULL THEN
      EXIT WHEN cardinality(places) > 0;
      IF windows = 0 THEN first := greatest(first, chunk * 4096 + 1); END IF;
      windows := windows + 1;
    ELSE
      EXIT WHEN windows > 0;
      places := places || ARRAY(SELECT chunk * 4096 + p FROM unnest(found) p WHERE chunk * 4096 + p > p_after ORDER BY 1);
    END IF;
    reached := (chunk + 1) * 4096;
    EXIT WHEN cardinality(places) >= p_limit OR windows * 4096 >= p_size;
    chunk := chunk + 1;
  END LOOP;
  IF windows > 0 THEN places := NULL; END IF;
END
$function$;

-- As tenant_log_page, of places.
CREATE FUNCTION tenant_places_page(p_tenant text, p_places bigint[], p_limit int, p_bytes int, p_agents text[], p_types text[])
RETURNS SETOF events LANGUAGE plpgsql STABLE
SET enable_bitmapscan TO 'off' SET enable_seqscan TO 'off' SET enable_hashjoin TO 'off' SET enable_mergejoin TO 'off' AS $function$
DECLARE
  event events;
  place bigint;
  total bigint := 0;
  count int := 0;
BEGIN
  FOREACH place IN ARRAY p_places LOOP
    SELECT e.* INTO event FROM events e WHERE e.tenant_id = p_tenant AND e.seq = place
      AND (p_agents IS NULL OR e.agent = ANY (p_agents)) AND (p_types IS NULL OR e.type LIKE ANY (p_types));
    CONTINUE WHEN NOT FOUND;
    RETURN NEXT event;
    total := total + octet_length(event.data);
    count := count + 1;
    EXIT WHEN total >= p_bytes OR count >= p_limit;
  END LOOP;
END
$function$;

-- As log_page, of places.
CREATE FUNCTION log_places_page(p_places bigint[], p_limit int, p_bytes int, p_tenants text[], p_unassigned boolean,
  p_agents text[], p_types text[])
RETURNS SETOF events LANGUAGE plpgsql STABLE
SET enable_bitmapscan TO 'off' SET enable_seqscan TO 'off' SET enable_hashjoin TO 'off' SET enable_mergejoin TO 'off' AS $function$
DECLARE
  event events;
  place bigint;
  total bigint := 0;
  count int := 0;
BEGIN
  FOREACH place IN ARRAY p_places LOOP
    SELECT e.* INTO event FROM events e WHERE e."position" = place
      AND ((p_tenants IS NULL AND NOT p_unassigned) OR e.tenant_id = ANY (p_tenants) OR (p_unassigned AND e.tenant_id IS NULL))
      AND (p_agents IS NULL OR e.agent = ANY (p_agents)) AND (p_types IS NULL OR e.type LIKE ANY (p_types));
    CONTINUE WHEN NOT FOUND;
    RETURN NEXT event;
    total := total + octet_length(event.data);
    count := count + 1;
    EXIT WHEN total >= p_bytes OR count >= p_limit;
  END LOOP;
END
$function$;
