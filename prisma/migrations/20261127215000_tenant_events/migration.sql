-- An event of ours about a tenant itself (a webhook was disabled): it has no agent, so append_events, which finds the tenant by the agent,
-- cannot stamp it. By the same lock and the same two numberings; a repeat is known by its key. No row: a repeat, or there is no such tenant.
CREATE FUNCTION append_tenant_event(p_tenant text, p_type text, p_at timestamptz, p_key text, p_data text)
RETURNS TABLE("position" bigint, seq bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  head bigint;
  number bigint;
BEGIN
  SELECT h."position" INTO STRICT head FROM log_head h WHERE h.id = 1 FOR UPDATE;
  IF NOT EXISTS (SELECT FROM tenants t WHERE t.id = p_tenant)
    OR EXISTS (SELECT FROM events e WHERE e.source_key = p_key AND e.tenant_id = p_tenant) THEN
    RETURN;
  END IF;
  INSERT INTO tenant_heads AS t (tenant_id, seq) SELECT p_tenant, l.resumed_after + 1 FROM log_lineage l WHERE l.id = 1
    ON CONFLICT (tenant_id) DO UPDATE SET seq = t.seq + 1 RETURNING t.seq INTO number;
  INSERT INTO events ("position", tenant_id, seq, agent, type, at, source_key, data)
    VALUES (head + 1, p_tenant, number, '', p_type, p_at, p_key, p_data);
  UPDATE log_head h SET "position" = head + 1 WHERE h.id = 1;
  RETURN QUERY SELECT head + 1, number;
END
$$;
