-- The numbers of a tenant's calls that began in a day or a month of UTC and have ended, kept so that nobody counts them anew
-- (src/calls/call-periods.ts). A period is entered, empty, before it is counted; whatever changes a call of it empties it
-- again and says another version, so that what was counted meanwhile is not kept.
CREATE TABLE call_periods (
    tenant_id text NOT NULL,
    -- day or month
    kind text NOT NULL,
    -- Its first day.
    begins date NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    -- What the numbers hold; the server counts anew what an older one has counted otherwise.
    shape integer NOT NULL DEFAULT 0,
    numbers jsonb,
    CONSTRAINT call_periods_pkey PRIMARY KEY (tenant_id, kind, begins)
);

-- Empties the periods of these calls. In order, so that two who do so wait for each other at most.
CREATE FUNCTION empty_periods(p_tenants text[], p_days date[]) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM FROM call_periods p JOIN (
      SELECT DISTINCT tenant_id, k.kind, k.begins FROM unnest(p_tenants, p_days) AS c(tenant_id, day)
      CROSS JOIN LATERAL (VALUES ('day', c.day), ('month', date_trunc('month', c.day)::date)) AS k(kind, begins)
    ) c USING (tenant_id, kind, begins) ORDER BY p.tenant_id, p.kind, p.begins FOR UPDATE OF p;
  UPDATE call_periods p SET numbers = NULL, version = p.version + 1
  FROM unnest(p_tenants, p_days) AS c(tenant_id, day)
  WHERE p.tenant_id = c.tenant_id
    AND (p.kind = 'day' AND p.begins = c.day OR p.kind = 'month' AND p.begins = date_trunc('month', c.day)::date);
END
$function$;

CREATE FUNCTION calls_inserted() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM empty_periods(array_agg(c.tenant_id), array_agg(c.day)) FROM (
    SELECT DISTINCT n.tenant_id, (n.started_at AT TIME ZONE 'UTC')::date AS day FROM new_calls n WHERE n.state = 'ended') c
  HAVING count(*) > 0;
  RETURN NULL;
END
$function$;

CREATE FUNCTION calls_deleted() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM empty_periods(array_agg(c.tenant_id), array_agg(c.day)) FROM (
    SELECT DISTINCT o.tenant_id, (o.started_at AT TIME ZONE 'UTC')::date AS day FROM old_calls o WHERE o.state = 'ended') c
  HAVING count(*) > 0;
  RETURN NULL;
END
$function$;

-- Of an update, only calls that count otherwise than before.
CREATE FUNCTION calls_updated() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM empty_periods(array_agg(c.tenant_id), array_agg(c.day)) FROM (
    SELECT DISTINCT b.tenant_id, (s.at AT TIME ZONE 'UTC')::date AS day
    FROM (SELECT o.tenant_id, o.started_at AS before, n.started_at AS after FROM old_calls o JOIN new_calls n USING (tenant_id, call_id)
      WHERE (o.state = 'ended' OR n.state = 'ended')
        AND (o.state, o.agent, o.transport, o.reason, o.started_at, o.duration)
          IS DISTINCT FROM (n.state, n.agent, n.transport, n.reason, n.started_at, n.duration)) b
    CROSS JOIN LATERAL (VALUES (b.before), (b.after)) AS s(at)) c
  HAVING count(*) > 0;
  RETURN NULL;
END
$function$;

CREATE TRIGGER calls_inserted AFTER INSERT ON calls REFERENCING NEW TABLE AS new_calls
  FOR EACH STATEMENT EXECUTE FUNCTION calls_inserted();
CREATE TRIGGER calls_deleted AFTER DELETE ON calls REFERENCING OLD TABLE AS old_calls
  FOR EACH STATEMENT EXECUTE FUNCTION calls_deleted();
CREATE TRIGGER calls_updated AFTER UPDATE ON calls REFERENCING OLD TABLE AS old_calls NEW TABLE AS new_calls
  FOR EACH STATEMENT EXECUTE FUNCTION calls_updated();
