-- The number after which a log is read by who wants what was received at or after a moment: the one before the first such event, or the
-- last where there is none. p_tenant NULL: everybody's, by position. NULL: there is no event.
--
-- Events are numbered in the order of their commits, while received_at is when an append began, which then waited for the lock: 30 s at
-- most (database/pools.ts). So the halves are searched for a moment a little earlier, and what follows is looked at one by one.
CREATE FUNCTION log_since(p_tenant text, p_since timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  surely timestamptz := p_since - interval '35 seconds';
  low bigint;
  high bigint;
  last bigint;
  found bigint;
  received timestamptz;
BEGIN
  IF p_tenant IS NULL THEN
    SELECT e."position" INTO low FROM events e ORDER BY e."position" LIMIT 1;
    SELECT e."position" INTO last FROM events e ORDER BY e."position" DESC LIMIT 1;
  ELSE
    SELECT e.seq INTO low FROM events e WHERE e.tenant_id = p_tenant ORDER BY e.seq LIMIT 1;
    SELECT e.seq INTO last FROM events e WHERE e.tenant_id = p_tenant ORDER BY e.seq DESC LIMIT 1;
  END IF;
  high := last;
  -- Every event before low is older, the one at high is not, or is the last; numbers may be missing.
  WHILE low < high LOOP
    IF p_tenant IS NULL THEN
      SELECT e."position", e.received_at INTO found, received FROM events e
        WHERE e."position" <= low + (high - low) / 2 ORDER BY e."position" DESC LIMIT 1;
    ELSE
      SELECT e.seq, e.received_at INTO found, received FROM events e
        WHERE e.tenant_id = p_tenant AND e.seq <= low + (high - low) / 2 ORDER BY e.seq DESC LIMIT 1;
    END IF;
    IF found < low OR received < surely THEN low := low + (high - low) / 2 + 1;
    ELSE high := found;
    END IF;
  END LOOP;
  IF p_tenant IS NULL THEN
    SELECT e."position" - 1 INTO found FROM events e WHERE e."position" >= low AND e.received_at >= p_since
      ORDER BY e."position" LIMIT 1;
  ELSE
    SELECT e.seq - 1 INTO found FROM events e WHERE e.tenant_id = p_tenant AND e.seq >= low AND e.received_at >= p_since
      ORDER BY e.seq LIMIT 1;
  END IF;
  RETURN coalesce(found, last);
END
$$;
