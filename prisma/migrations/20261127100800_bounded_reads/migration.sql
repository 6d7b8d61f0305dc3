-- Pages of the log, bounded in rows and in bytes: a page ends with the event that reaches p_bytes, so it holds at least one. They take
-- the place of read_tenant_log and read_log, which processes of the version before still call. Why they are functions, and why they
-- SET: 20261124200000_log_reads.
CREATE FUNCTION tenant_log_page(
  p_tenant text, p_after bigint, p_until bigint, p_limit int, p_bytes int, p_agents text[], p_types text[]
) RETURNS SETOF events LANGUAGE plpgsql STABLE
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  event events;
  total bigint := 0;
BEGIN
  FOR event IN SELECT e.* FROM events e WHERE e.tenant_id = p_tenant AND e.seq > p_after AND e.seq <= p_until
    AND (p_agents IS NULL OR e.agent = ANY (p_agents)) AND (p_types IS NULL OR e.type LIKE ANY (p_types))
    ORDER BY e.seq LIMIT p_limit
  LOOP
    RETURN NEXT event;
    total := total + octet_length(event.data);
    EXIT WHEN total >= p_bytes;
  END LOOP;
END
$$;

-- Of some calls, however far apart they lie: found by call, each from where the reader stands, so that a page of a long call costs
-- the page. Within a tenant, seq and position rise together.
CREATE FUNCTION tenant_calls_page(
  p_tenant text, p_after bigint, p_until bigint, p_limit int, p_bytes int, p_agents text[], p_types text[], p_calls text[]
) RETURNS SETOF events LANGUAGE plpgsql STABLE
SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  start bigint;
  event events;
  total bigint := 0;
BEGIN
  SELECT e."position" INTO start FROM events e WHERE e.tenant_id = p_tenant AND e.seq <= p_after ORDER BY e.seq DESC LIMIT 1;
  FOR event IN SELECT e.* FROM (
      SELECT of_call."position" FROM unnest(p_calls) AS asked(call_id) CROSS JOIN LATERAL (
        SELECT x."position" FROM events x
        WHERE x.call_id = asked.call_id AND x."position" > coalesce(start, 0) AND x.tenant_id = p_tenant AND x.seq <= p_until
          AND (p_agents IS NULL OR x.agent = ANY (p_agents)) AND (p_types IS NULL OR x.type LIKE ANY (p_types))
        ORDER BY x."position" LIMIT p_limit) of_call
      ORDER BY of_call."position" LIMIT p_limit) page
    JOIN events e ON e."position" = page."position" ORDER BY e."position"
  LOOP
    RETURN NEXT event;
    total := total + octet_length(event.data);
    EXIT WHEN total >= p_bytes;
  END LOOP;
END
$$;

-- Everybody's. p_tenants NULL and not p_unassigned: no matter whose.
CREATE FUNCTION log_page(
  p_after bigint, p_until bigint, p_limit int, p_bytes int,
  p_tenants text[], p_unassigned bool, p_agents text[], p_types text[]
) RETURNS SETOF events LANGUAGE plpgsql STABLE
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  event events;
  total bigint := 0;
BEGIN
  FOR event IN SELECT e.* FROM events e WHERE e."position" > p_after AND e."position" <= p_until
    AND ((p_tenants IS NULL AND NOT p_unassigned) OR e.tenant_id = ANY (p_tenants) OR (p_unassigned AND e.tenant_id IS NULL))
    AND (p_agents IS NULL OR e.agent = ANY (p_agents)) AND (p_types IS NULL OR e.type LIKE ANY (p_types))
    ORDER BY e."position" LIMIT p_limit
  LOOP
    RETURN NEXT event;
    total := total + octet_length(event.data);
    EXIT WHEN total >= p_bytes;
  END LOOP;
END
$$;

-- How far a filter may look at a time: over p_size numbers from the first that there is, so that a hole (retention, a restore) is passed
-- in one step; and whether that is the end of the log. p_tenant NULL: everybody's, by position.
CREATE FUNCTION log_window(p_tenant text, p_after bigint, p_size bigint, OUT first bigint, OUT reached bigint, OUT is_end boolean)
LANGUAGE plpgsql STABLE
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  last bigint;
BEGIN
  IF p_tenant IS NULL THEN
    SELECT e."position" INTO last FROM events e ORDER BY e."position" DESC LIMIT 1;
    SELECT e."position" INTO first FROM events e WHERE e."position" > p_after ORDER BY e."position" LIMIT 1;
  ELSE
    SELECT e.seq INTO last FROM events e WHERE e.tenant_id = p_tenant ORDER BY e.seq DESC LIMIT 1;
    SELECT e.seq INTO first FROM events e WHERE e.tenant_id = p_tenant AND e.seq > p_after ORDER BY e.seq LIMIT 1;
  END IF;
  reached := coalesce(least(first + p_size - 1, last), p_after);
  is_end := reached >= coalesce(last, p_after);
  first := coalesce(first, p_after);
END
$$;
