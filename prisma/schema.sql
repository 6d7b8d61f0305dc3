-- The database as it stands after all migrations. "npm run schema" writes this file; test/database/schema.e2e-spec.ts compares it
-- with a migrated database. The migration that made a thing says why it is as it is: search prisma/migrations for its name.
-- Rows that migrations insert are not here.
SET check_function_bodies = off;

CREATE SEQUENCE audit_id_seq AS bigint;

CREATE SEQUENCE ownerships_id_seq AS bigint;

CREATE TABLE agents (
  name text NOT NULL,
  tenant_id text,
  since timestamp(3) with time zone,
  CONSTRAINT agents_pkey PRIMARY KEY (name)
);
CREATE INDEX agents_tenant_id_idx ON agents USING btree (tenant_id);

CREATE TABLE audit (
  id bigint DEFAULT nextval('audit_id_seq'::regclass) NOT NULL,
  at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  tenant_id text,
  by text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  tenants text[],
  before jsonb,
  after jsonb,
  request_id text,
  reference uuid DEFAULT gen_random_uuid() NOT NULL,
  by_person text,
  by_name text,
  target_name text,
  CONSTRAINT audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_by_idx ON audit USING hash (by);
CREATE UNIQUE INDEX audit_reference_key ON audit USING btree (reference);
CREATE INDEX audit_target_idx ON audit USING hash (target);
CREATE INDEX audit_tenant_id_action_at_id_idx ON audit USING btree (tenant_id, action, at, id);
CREATE INDEX audit_tenant_id_at_id_idx ON audit USING btree (tenant_id, at, id);
CREATE INDEX audit_tenant_id_id_idx ON audit USING btree (tenant_id, id);
CREATE INDEX audit_tenants_idx ON audit USING gin (tenants);

CREATE TABLE call_parts (
  tenant_id text NOT NULL,
  call_id text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  seq bigint,
  text text NOT NULL,
  words tsvector NOT NULL,
  state text NOT NULL,
  CONSTRAINT call_parts_pkey PRIMARY KEY (tenant_id, call_id, key)
) WITH (fillfactor=90);
CREATE INDEX call_parts_tenant_id_call_id_seq_idx ON call_parts USING btree (tenant_id, call_id, seq);
CREATE INDEX call_parts_words_idx ON call_parts USING gin (words);

CREATE TABLE call_periods (
  tenant_id text NOT NULL,
  kind text NOT NULL,
  begins date NOT NULL,
  version bigint DEFAULT 0 NOT NULL,
  shape integer DEFAULT 0 NOT NULL,
  numbers jsonb,
  CONSTRAINT call_periods_pkey PRIMARY KEY (tenant_id, kind, begins)
);

CREATE TABLE call_tenants (
  call_id text NOT NULL,
  tenant_id text NOT NULL,
  agent text NOT NULL,
  first_position bigint NOT NULL,
  by_platform boolean DEFAULT true NOT NULL,
  erased_at timestamp(3) with time zone,
  CONSTRAINT call_tenants_pkey PRIMARY KEY (call_id, tenant_id, agent, by_platform)
);
CREATE INDEX call_tenants_erased_at_idx ON call_tenants USING btree (erased_at) WHERE erased_at IS NOT NULL;
CREATE UNIQUE INDEX call_tenants_route_key ON call_tenants USING btree (call_id, agent) WHERE by_platform;
CREATE INDEX call_tenants_tenant_id_first_position_idx ON call_tenants USING btree (tenant_id, first_position);

CREATE TABLE calls (
  tenant_id text NOT NULL,
  call_id text NOT NULL,
  agent text NOT NULL,
  state text NOT NULL,
  transport text,
  reason text,
  started_at timestamp(3) with time zone NOT NULL,
  ended_at timestamp(3) with time zone,
  duration double precision,
  last_at timestamp(3) with time zone NOT NULL,
  words tsvector NOT NULL,
  head text NOT NULL,
  latency_p50 double precision,
  latency_p95 double precision,
  latency_max double precision,
  latency_turns integer,
  latencies integer[],
  tools integer,
  tools_failed integer,
  interruptions integer,
  score_passed boolean,
  escalated boolean,
  incomplete boolean,
  CONSTRAINT calls_pkey PRIMARY KEY (tenant_id, call_id)
) WITH (fillfactor=80);
CREATE INDEX calls_agent_started_at_call_id_tenant_id_idx ON calls USING btree (agent, started_at, call_id, tenant_id);
CREATE INDEX calls_call_id_idx ON calls USING btree (call_id);
CREATE INDEX calls_longest_idx ON calls USING btree (tenant_id, duration, started_at, call_id) WHERE duration IS NOT NULL;
CREATE INDEX calls_open_idx ON calls USING btree (started_at, call_id, tenant_id) WHERE state = ANY (ARRAY['ringing'::text, 'live'::text]);
CREATE INDEX calls_slowest_idx ON calls USING btree (tenant_id, latency_p95, started_at, call_id) WHERE latency_p95 IS NOT NULL;
CREATE INDEX calls_started_at_call_id_idx ON calls USING btree (started_at, call_id);
CREATE INDEX calls_tenant_id_started_at_call_id_idx ON calls USING btree (tenant_id, started_at, call_id);
CREATE INDEX calls_tenant_id_state_started_at_idx ON calls USING btree (tenant_id, state, started_at);
CREATE INDEX calls_words_idx ON calls USING gin (words);

CREATE TABLE events_before (
  "position" bigint NOT NULL,
  tenant_id text,
  seq bigint,
  call_id text,
  agent text NOT NULL,
  type text NOT NULL,
  at timestamp(3) with time zone NOT NULL,
  received_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  source_key text NOT NULL,
  data text NOT NULL,
  CONSTRAINT events_before_pkey PRIMARY KEY ("position")
);
CREATE INDEX events_before_call_id_tenant_id_position_idx ON events_before USING btree (call_id, tenant_id, "position");
CREATE INDEX events_before_source_key_idx ON events_before USING btree (source_key);
CREATE UNIQUE INDEX events_before_tenant_id_seq_key ON events_before USING btree (tenant_id, seq);
CREATE INDEX events_before_unowned_idx ON events_before USING btree ("position") WHERE tenant_id IS NULL;

CREATE TABLE idempotency_keys (
  tenant_id text NOT NULL,
  key_hash text NOT NULL,
  body_hash text NOT NULL,
  used_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, key_hash)
);
CREATE INDEX idempotency_keys_tenant_id_used_at_idx ON idempotency_keys USING btree (tenant_id, used_at);
CREATE INDEX idempotency_keys_used_at_idx ON idempotency_keys USING btree (used_at);

CREATE TABLE link_requests (
  id text NOT NULL,
  tenant_id text NOT NULL,
  person_id text,
  asked_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  mailed_at timestamp(3) with time zone,
  CONSTRAINT link_requests_pkey PRIMARY KEY (id)
);
CREATE INDEX link_requests_asked_at_idx ON link_requests USING btree (asked_at);
CREATE UNIQUE INDEX link_requests_nameless_key ON link_requests USING btree (tenant_id) WHERE person_id IS NULL;
CREATE INDEX link_requests_person_id_idx ON link_requests USING btree (person_id);
CREATE INDEX link_requests_tenant_id_idx ON link_requests USING btree (tenant_id);
CREATE UNIQUE INDEX link_requests_tenant_id_person_id_key ON link_requests USING btree (tenant_id, person_id) WHERE person_id IS NOT NULL;

CREATE TABLE log_events (
  "position" bigint NOT NULL,
  seq bigint,
  at timestamp(3) with time zone NOT NULL,
  received_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  key uuid NOT NULL,
  tenant_id text,
  call_id text,
  agent text NOT NULL,
  type text NOT NULL,
  data text NOT NULL,
  CONSTRAINT log_events_pkey PRIMARY KEY ("position")
) PARTITION BY RANGE ("position");
CREATE INDEX log_events_call_id_tenant_id_position_idx ON log_events USING btree (call_id, tenant_id, "position");
CREATE INDEX log_events_key_idx ON log_events USING btree (key);
CREATE INDEX log_events_unowned_idx ON log_events USING btree ("position") WHERE tenant_id IS NULL;

CREATE TABLE log_expiry (
  id integer DEFAULT 1 NOT NULL,
  "position" bigint NOT NULL,
  CONSTRAINT log_expiry_pkey PRIMARY KEY (id)
);

CREATE TABLE log_head (
  id integer DEFAULT 1 NOT NULL,
  "position" bigint NOT NULL,
  room bigint DEFAULT 0 NOT NULL,
  before_until bigint DEFAULT 0 NOT NULL,
  CONSTRAINT log_head_pkey PRIMARY KEY (id)
);

CREATE TABLE log_lineage (
  id integer DEFAULT 1 NOT NULL,
  database text,
  resumed_after bigint DEFAULT 0 NOT NULL,
  CONSTRAINT log_lineage_pkey PRIMARY KEY (id)
);

CREATE TABLE log_marked (
  tenant_id text NOT NULL,
  until bigint NOT NULL,
  CONSTRAINT log_marked_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE log_marks (
  tenant_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  chunk bigint NOT NULL,
  places smallint[],
  CONSTRAINT log_marks_pkey PRIMARY KEY (tenant_id, kind, name, chunk)
);

CREATE TABLE log_readers (
  kind text NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  shard smallint NOT NULL,
  cursor bigint NOT NULL,
  runs boolean DEFAULT true NOT NULL,
  skipped integer DEFAULT 0 NOT NULL,
  last_skipped jsonb,
  trying bigint,
  tries integer DEFAULT 0 NOT NULL,
  CONSTRAINT log_readers_pkey PRIMARY KEY (tenant_id, kind, name)
);
CREATE INDEX log_readers_shard_idx ON log_readers USING btree (shard);

CREATE TABLE ownerships (
  id bigint DEFAULT nextval('ownerships_id_seq'::regclass) NOT NULL,
  agent text NOT NULL,
  tenant_id text NOT NULL,
  since timestamp(3) with time zone NOT NULL,
  until timestamp(3) with time zone,
  from_position bigint NOT NULL,
  changed_by text NOT NULL,
  until_position bigint,
  tenant_erased boolean DEFAULT false NOT NULL,
  CONSTRAINT ownerships_pkey PRIMARY KEY (id)
);
CREATE INDEX ownerships_agent_id_idx ON ownerships USING btree (agent, id);
CREATE INDEX ownerships_tenant_id_agent_idx ON ownerships USING btree (tenant_id, agent);

CREATE TABLE people (
  id text NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  email text,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  removed_at timestamp(3) with time zone,
  scopes text[] DEFAULT ARRAY[]::text[],
  voucher_id text,
  vouched_until timestamp(3) with time zone,
  CONSTRAINT people_pkey PRIMARY KEY (id)
);
CREATE INDEX people_email_idx ON people USING btree (lower(email)) WHERE removed_at IS NULL;
CREATE INDEX people_tenant_id_created_at_idx ON people USING btree (tenant_id, created_at);
CREATE UNIQUE INDEX people_tenant_id_name_key ON people USING btree (tenant_id, name) WHERE removed_at IS NULL;

CREATE TABLE projection_attempts (
  name text NOT NULL,
  place text NOT NULL,
  attempts integer NOT NULL,
  size integer NOT NULL,
  careful integer NOT NULL,
  CONSTRAINT projection_attempts_pkey PRIMARY KEY (name)
);

CREATE TABLE projections (
  name text NOT NULL,
  "position" bigint NOT NULL,
  rebuild_after text,
  rebuild_done integer DEFAULT 0 NOT NULL,
  rebuild_total integer DEFAULT 0 NOT NULL,
  rebuild_started_at timestamp(3) with time zone,
  rebuild_ended_at timestamp(3) with time zone,
  rebuild_call text,
  rebuild_reached bigint DEFAULT 0 NOT NULL,
  version integer DEFAULT 1 NOT NULL,
  CONSTRAINT projections_pkey PRIMARY KEY (name)
);

CREATE TABLE quarantined_calls (
  tenant_id text NOT NULL,
  call_id text NOT NULL,
  "position" bigint NOT NULL,
  since timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT quarantined_calls_pkey PRIMARY KEY (tenant_id, call_id)
);

CREATE TABLE reader_shards (
  shard smallint NOT NULL,
  is_held boolean NOT NULL,
  CONSTRAINT reader_shards_pkey PRIMARY KEY (shard)
);

CREATE TABLE rules (
  id text NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  agents text[],
  "when" jsonb NOT NULL,
  once text NOT NULL,
  enabled boolean NOT NULL,
  timed boolean NOT NULL,
  version integer DEFAULT 1 NOT NULL,
  since bigint NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  changed_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT rules_pkey PRIMARY KEY (id)
);
CREATE INDEX rules_tenant_id_created_at_id_idx ON rules USING btree (tenant_id, created_at, id);
CREATE INDEX rules_timed_idx ON rules USING btree (tenant_id) WHERE enabled AND timed;

CREATE TABLE sign_in_codes (
  id text NOT NULL,
  hash text NOT NULL,
  tenant_id text,
  scopes text[],
  voucher_id text,
  vouched_until timestamp(3) with time zone NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  used_at timestamp(3) with time zone,
  person_id text,
  CONSTRAINT sign_in_codes_pkey PRIMARY KEY (id)
);
CREATE INDEX sign_in_codes_expires_at_idx ON sign_in_codes USING btree (expires_at);
CREATE UNIQUE INDEX sign_in_codes_hash_key ON sign_in_codes USING btree (hash);
CREATE INDEX sign_in_codes_person_id_idx ON sign_in_codes USING btree (person_id);
CREATE INDEX sign_in_codes_tenant_id_idx ON sign_in_codes USING btree (tenant_id);
CREATE INDEX sign_in_codes_voucher_id_idx ON sign_in_codes USING btree (voucher_id);

CREATE TABLE signing_keys (
  kid text NOT NULL,
  private_key text NOT NULL,
  public_key jsonb NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  retired_at timestamp(3) with time zone,
  CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
);

CREATE TABLE source_cursors (
  source text NOT NULL,
  log text NOT NULL,
  cursor bigint NOT NULL,
  done boolean DEFAULT false NOT NULL,
  updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT source_cursors_pkey PRIMARY KEY (source, log)
);
CREATE INDEX source_cursors_open_idx ON source_cursors USING btree (source) WHERE NOT done OR log !~~ 'call:%'::text;
CREATE INDEX source_cursors_over_idx ON source_cursors USING btree (updated_at) WHERE done AND log ~~ 'call:%'::text;

CREATE TABLE tenant_agents (
  tenant_id text NOT NULL,
  agents integer NOT NULL,
  revision bigint NOT NULL,
  CONSTRAINT tenant_agents_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE tenant_erasures (
  tenant_id text NOT NULL,
  begun_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  events bigint NOT NULL,
  erased bigint DEFAULT 0 NOT NULL,
  step text DEFAULT 'release'::text NOT NULL,
  cursor text,
  CONSTRAINT tenant_erasures_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE tenant_heads (
  tenant_id text NOT NULL,
  seq bigint NOT NULL,
  expired_until bigint DEFAULT 0 NOT NULL,
  incarnation uuid DEFAULT gen_random_uuid() NOT NULL,
  CONSTRAINT tenant_heads_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE tenants (
  id text NOT NULL,
  name text NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  limits jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT tenants_pkey PRIMARY KEY (id)
);

CREATE TABLE token_issuer (
  id integer DEFAULT 1 NOT NULL,
  name text NOT NULL,
  since timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT token_issuer_pkey PRIMARY KEY (id),
  CONSTRAINT token_issuer_is_one CHECK (id = 1)
);

CREATE TABLE tokens (
  id text NOT NULL,
  tenant_id text,
  name text NOT NULL,
  scopes text[],
  created_by text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  revoked_at timestamp(3) with time zone,
  last_used_at timestamp(3) with time zone,
  kid text,
  kind text DEFAULT 'api'::text NOT NULL,
  narrowing jsonb DEFAULT '{}'::jsonb NOT NULL,
  parent_id text,
  viewed_by text,
  text_ends_at timestamp(3) with time zone,
  person_id text,
  CONSTRAINT tokens_pkey PRIMARY KEY (id)
);
CREATE INDEX tokens_kind_expires_at_idx ON tokens USING btree (kind, expires_at);
CREATE INDEX tokens_parent_id_idx ON tokens USING btree (parent_id);
CREATE INDEX tokens_person_id_idx ON tokens USING btree (person_id);
CREATE INDEX tokens_tenant_id_kind_created_at_idx ON tokens USING btree (tenant_id, kind, created_at);

CREATE TABLE unowned_agents (
  name text NOT NULL,
  first_seen timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT unowned_agents_pkey PRIMARY KEY (name)
);

CREATE TABLE webhook_attempts (
  id text NOT NULL,
  webhook_id text NOT NULL,
  tenant_id text NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  call_id text,
  at timestamp(3) with time zone NOT NULL,
  ms integer NOT NULL,
  is_delivered boolean NOT NULL,
  status integer,
  reason text,
  response text,
  next_at timestamp(3) with time zone,
  CONSTRAINT webhook_attempts_pkey PRIMARY KEY (webhook_id, id)
);
CREATE INDEX webhook_attempts_at_idx ON webhook_attempts USING btree (at);
CREATE INDEX webhook_attempts_tenant_id_call_id_idx ON webhook_attempts USING btree (tenant_id, call_id);
CREATE INDEX webhook_attempts_webhook_id_is_delivered_id_idx ON webhook_attempts USING btree (webhook_id, is_delivered, id);

CREATE TABLE webhook_waiting (
  webhook_id text NOT NULL,
  seq bigint NOT NULL,
  tenant_id text NOT NULL,
  shard smallint NOT NULL,
  call_id text,
  previous bigint,
  tries integer NOT NULL,
  next_at timestamp(3) with time zone,
  CONSTRAINT webhook_waiting_pkey PRIMARY KEY (webhook_id, seq)
);
CREATE INDEX webhook_waiting_parked_idx ON webhook_waiting USING btree (webhook_id) WHERE next_at = 'infinity'::timestamp with time zone;
CREATE INDEX webhook_waiting_shard_next_at_idx ON webhook_waiting USING btree (shard, next_at);
CREATE INDEX webhook_waiting_webhook_id_call_id_seq_idx ON webhook_waiting USING btree (webhook_id, call_id, seq);

CREATE TABLE webhooks (
  id text NOT NULL,
  tenant_id text NOT NULL,
  url text NOT NULL,
  description text,
  filter jsonb DEFAULT '{}'::jsonb NOT NULL,
  each text NOT NULL,
  format text NOT NULL,
  status text DEFAULT 'active'::text NOT NULL,
  secret text NOT NULL,
  previous_secret text,
  previous_until timestamp(3) with time zone,
  last_sent bigint,
  failures integer DEFAULT 0 NOT NULL,
  last_success_at timestamp(3) with time zone,
  last_failure_at timestamp(3) with time zone,
  last_failure_status integer,
  last_failure_reason text,
  active_since timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT webhooks_pkey PRIMARY KEY (id)
);
CREATE INDEX webhooks_tenant_id_id_idx ON webhooks USING btree (tenant_id, id);

CREATE VIEW events AS
 SELECT events_before."position",
    events_before.tenant_id,
    events_before.seq,
    events_before.call_id,
    events_before.agent,
    events_before.type,
    events_before.at,
    events_before.received_at,
    events_before.source_key,
    events_before.data
   FROM events_before
UNION ALL
 SELECT log_events."position",
    log_events.tenant_id,
    log_events.seq,
    log_events.call_id,
    log_events.agent,
    log_events.type,
    log_events.at,
    log_events.received_at,
    NULL::text AS source_key,
    log_events.data
   FROM log_events;

CREATE FUNCTION agent_owner_at(p_agent text, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  SELECT CASE
    WHEN p_at IS NULL
      OR NOT EXISTS (SELECT FROM ownerships o WHERE o.agent = p_agent AND (o.since > p_at OR o.until > p_at))
    THEN (SELECT a.tenant_id FROM agents a WHERE a.name = p_agent)
    ELSE (SELECT s.tenant_id FROM (
        SELECT o.tenant_id, o.until, o.tenant_erased FROM ownerships o WHERE o.agent = p_agent
        ORDER BY o.since <= p_at DESC, CASE WHEN o.since <= p_at THEN -o.id ELSE o.id END LIMIT 1
      ) s WHERE (s.until IS NULL OR s.until > p_at) AND NOT s.tenant_erased)
  END
$function$;

CREATE FUNCTION agents_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM note_agents(array_agg(tenant_id), array_agg(-1)) FROM old_agents WHERE tenant_id IS NOT NULL;
  RETURN NULL;
END $function$;

CREATE FUNCTION agents_inserted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM note_agents(array_agg(tenant_id), array_agg(1)) FROM new_agents WHERE tenant_id IS NOT NULL;
  RETURN NULL;
END $function$;

CREATE FUNCTION agents_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM note_agents(array_agg(c.tenant_id), array_agg(c.change)) FROM (
    SELECT o.tenant_id, -1 AS change FROM old_agents o LEFT JOIN new_agents n USING (name)
    WHERE o.tenant_id IS NOT NULL AND o.tenant_id IS DISTINCT FROM n.tenant_id
    UNION ALL
    SELECT n.tenant_id, 1 FROM new_agents n LEFT JOIN old_agents o USING (name)
    WHERE n.tenant_id IS NOT NULL AND n.tenant_id IS DISTINCT FROM o.tenant_id
  ) c;
  RETURN NULL;
END $function$;

CREATE FUNCTION append_events(p_agents text[], p_calls text[], p_types text[], p_ats timestamp with time zone[], p_keys text[], p_data text[], p_only_tenant text, p_begun timestamp with time zone[] DEFAULT NULL::timestamp with time zone[])
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
    ON CONFLICT (call_id, tenant_id, agent, by_platform)
      DO UPDATE SET first_position = least(call_tenants.first_position, EXCLUDED.first_position)
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

CREATE FUNCTION append_events_if_still(p_agents text[], p_calls text[], p_types text[], p_ats timestamp with time zone[], p_keys text[], p_data text[], p_only_tenant text, p_begun timestamp with time zone[], p_unless_after bigint[])
 RETURNS TABLE(ord integer, tenant_id text, call_agent text, "position" bigint, seq bigint, outcome text)
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

CREATE FUNCTION append_tenant_event(p_tenant text, p_type text, p_at timestamp with time zone, p_key text, p_data text)
 RETURNS TABLE("position" bigint, seq bigint)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
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
$function$;

CREATE FUNCTION calls_deleted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM empty_periods(array_agg(c.tenant_id), array_agg(c.day)) FROM (
    SELECT DISTINCT o.tenant_id, (o.started_at AT TIME ZONE 'UTC')::date AS day FROM old_calls o WHERE o.state = 'ended') c
  HAVING count(*) > 0;
  RETURN NULL;
END
$function$;

CREATE FUNCTION calls_inserted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  PERFORM empty_periods(array_agg(c.tenant_id), array_agg(c.day)) FROM (
    SELECT DISTINCT n.tenant_id, (n.started_at AT TIME ZONE 'UTC')::date AS day FROM new_calls n WHERE n.state = 'ended') c
  HAVING count(*) > 0;
  RETURN NULL;
END
$function$;

CREATE FUNCTION calls_updated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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

CREATE FUNCTION drop_log_expired(p_name text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF log_expired(p_name) IS NULL THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %s', log_expired(p_name));
  RETURN true;
END $function$;

CREATE FUNCTION drop_log_partition(p_name text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
END $function$;

CREATE FUNCTION empty_log_before()
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF pg_relation_size('events_before_pkey') <= 16384 OR EXISTS (SELECT FROM events_before) THEN RETURN false; END IF;
  LOCK TABLE ONLY events_before IN ACCESS EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM events_before) THEN RETURN false; END IF;
  TRUNCATE events_before;
  RETURN true;
END $function$;

CREATE FUNCTION empty_periods(p_tenants text[], p_days date[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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

CREATE FUNCTION events_written()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE FUNCTION extend_log(p_last bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE FUNCTION log_expired(p_name text)
 RETURNS regclass
 LANGUAGE sql
 STABLE
AS $function$
  SELECT c.oid::regclass FROM pg_class c WHERE p_name ~ '^log_expired_\d+$' AND c.oid = to_regclass(p_name)
    AND c.relkind = 'r' AND NOT c.relispartition
$function$;

CREATE FUNCTION log_expired_calls(p_name text, p_after text, p_limit integer)
 RETURNS TABLE(call_id text, tenant_id text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  expired regclass := log_expired(p_name);
BEGIN
  IF expired IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE format('SELECT DISTINCT e.call_id, coalesce(e.tenant_id, '''') FROM %1$s e
    WHERE e.call_id > $1 AND e.call_id <= (SELECT max(page.call_id) FROM (
      SELECT DISTINCT x.call_id FROM %1$s x WHERE x.call_id > $1 ORDER BY x.call_id LIMIT $2) page) ORDER BY 1, 2', expired)
    USING p_after, p_limit;
END $function$;

CREATE FUNCTION log_expired_events(p_name text)
 RETURNS TABLE(tenant_id text, events bigint, last bigint)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
  IF log_expired(p_name) IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE format('SELECT coalesce(e.tenant_id, ''''), count(*), max(e.seq) FROM %s e GROUP BY 1 ORDER BY 1',
    log_expired(p_name));
END $function$;

CREATE FUNCTION log_key(p_key text)
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  SELECT encode(substr(sha256(convert_to(p_key, 'UTF8')), 1, 16), 'hex')::uuid
$function$;

CREATE FUNCTION log_page(p_after bigint, p_until bigint, p_limit integer, p_bytes integer, p_tenants text[], p_unassigned boolean, p_agents text[], p_types text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
DECLARE
  event events_before;
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
$function$;

CREATE FUNCTION log_partition(p_name text)
 RETURNS regclass
 LANGUAGE sql
 STABLE
AS $function$
  SELECT i.inhrelid::regclass FROM pg_inherits i
  WHERE i.inhparent = 'log_events'::regclass AND i.inhrelid = to_regclass(p_name)
$function$;

CREATE FUNCTION log_partition_size()
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$
  SELECT 250000 * (2 ^ ceil(log(2, greatest(1, sum(greatest(c.reltuples, 0)) / 24 / 250000)::numeric)))::bigint
  FROM pg_class c WHERE c.oid = 'events_before'::regclass
    OR c.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'log_events'::regclass)
$function$;

CREATE FUNCTION log_places_page(p_places bigint[], p_limit integer, p_bytes integer, p_tenants text[], p_unassigned boolean, p_agents text[], p_types text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
DECLARE
  event events_before;
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

CREATE FUNCTION log_since(p_tenant text, p_since timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
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
$function$;

CREATE FUNCTION log_stretch(p_tenant text, p_after bigint, p_size bigint, p_limit integer, p_agents text[], p_types text[], p_tenants text[], OUT first bigint, OUT reached bigint, OUT is_end boolean, OUT places bigint[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
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

CREATE FUNCTION log_window(p_tenant text, p_after bigint, p_size bigint, OUT first bigint, OUT reached bigint, OUT is_end boolean)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
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
$function$;

CREATE FUNCTION make_log_partition(p_first bigint, p_last bigint)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE
  name text := 'log_events_' || p_first;
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE log_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format('CREATE UNIQUE INDEX ON %I (tenant_id, seq)', name);
  EXECUTE format('ALTER TABLE log_events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, p_first, p_last + 1);
END $function$;

CREATE FUNCTION mark_again(p_tenant text, p_seqs bigint[], p_positions bigint[], p_type text)
 RETURNS void
 LANGUAGE sql
AS $function$
  INSERT INTO log_marks (tenant_id, kind, name, chunk, places)
  SELECT DISTINCT p_tenant, 'type', p_type, (n - 1) / 4096, NULL::smallint[] FROM unnest(p_seqs) n WHERE p_tenant <> ''
  UNION ALL SELECT DISTINCT '', 'type', p_type, (n - 1) / 4096, NULL::smallint[] FROM unnest(p_positions) n
  ORDER BY 1, 2, 3, 4
  ON CONFLICT (tenant_id, kind, name, chunk) DO UPDATE SET places = NULL
$function$;

CREATE FUNCTION mark_log(p_tenant text)
 RETURNS boolean
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
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

CREATE FUNCTION marked_chunk(p_log text, p_kind text, p_names text[], p_from bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN (SELECT min(found.chunk) FROM unnest(p_names) AS asked(name) CROSS JOIN LATERAL (
    SELECT m.chunk FROM log_marks m WHERE m.tenant_id = p_log AND m.kind = p_kind AND m.name = asked.name AND m.chunk >= p_from
    ORDER BY m.chunk LIMIT 1) found);
END
$function$;

CREATE FUNCTION marked_names(p_log text, p_kind text, p_patterns text[])
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
AS $function$
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

CREATE FUNCTION marked_places(p_log text, p_kind text, p_names text[], p_chunk bigint)
 RETURNS smallint[]
 LANGUAGE plpgsql
 STABLE
AS $function$
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

CREATE FUNCTION note_agents(p_tenants text[], p_changes integer[])
 RETURNS void
 LANGUAGE sql
AS $function$
  INSERT INTO tenant_agents AS a (tenant_id, agents, revision)
  SELECT c.tenant_id, greatest(0, sum(c.change)), 1
  FROM unnest(p_tenants, p_changes) AS c(tenant_id, change) JOIN tenants t ON t.id = c.tenant_id
  GROUP BY c.tenant_id ORDER BY c.tenant_id
  ON CONFLICT (tenant_id) DO UPDATE SET revision = a.revision + 1,
    agents = a.agents + (SELECT sum(c.change) FROM unnest(p_tenants, p_changes) AS c(tenant_id, change)
                         WHERE c.tenant_id = a.tenant_id)
$function$;

CREATE FUNCTION read_log(p_after bigint, p_limit integer, p_tenants text[], p_unassigned boolean, p_agents text[], p_types text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
  RETURN QUERY SELECT e.* FROM events e WHERE e."position" > p_after
    AND ((p_tenants IS NULL AND NOT p_unassigned) OR e.tenant_id = ANY (p_tenants) OR (p_unassigned AND e.tenant_id IS NULL))
    AND (p_agents IS NULL OR e.agent = ANY (p_agents)) AND (p_types IS NULL OR e.type LIKE ANY (p_types))
    ORDER BY e."position" LIMIT p_limit;
END
$function$;

CREATE FUNCTION read_tenant_log(p_tenant text, p_after bigint, p_limit integer, p_agents text[], p_types text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
  RETURN QUERY SELECT e.* FROM events e WHERE e.tenant_id = p_tenant AND e.seq > p_after
    AND (p_agents IS NULL OR e.agent = ANY (p_agents)) AND (p_types IS NULL OR e.type LIKE ANY (p_types))
    ORDER BY e.seq LIMIT p_limit;
END
$function$;

CREATE FUNCTION stored_keys(p_keys text[])
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$
  SELECT k.key FROM unnest(p_keys) AS k(key)
  WHERE EXISTS (SELECT FROM events_before e WHERE e.source_key = k.key)
     OR EXISTS (SELECT FROM log_events e WHERE e.key = log_key(k.key))
$function$;

CREATE FUNCTION take_log_partition(p_name text, p_kept text[])
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
END $function$;

CREATE FUNCTION tenant_calls_page(p_tenant text, p_after bigint, p_until bigint, p_limit integer, p_bytes integer, p_agents text[], p_types text[], p_calls text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
DECLARE
  start bigint;
  event events_before;
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
$function$;

CREATE FUNCTION tenant_log_page(p_tenant text, p_after bigint, p_until bigint, p_limit integer, p_bytes integer, p_agents text[], p_types text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
DECLARE
  event events_before;
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
$function$;

CREATE FUNCTION tenant_places_page(p_tenant text, p_places bigint[], p_limit integer, p_bytes integer, p_agents text[], p_types text[])
 RETURNS SETOF events_before
 LANGUAGE plpgsql
 STABLE
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
DECLARE
  event events_before;
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

ALTER SEQUENCE audit_id_seq OWNED BY audit.id;
ALTER SEQUENCE ownerships_id_seq OWNED BY ownerships.id;
ALTER TABLE agents ADD CONSTRAINT agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE SET NULL;
CREATE TRIGGER agents_deleted AFTER DELETE ON agents REFERENCING OLD TABLE AS old_agents FOR EACH STATEMENT EXECUTE FUNCTION agents_deleted();
CREATE TRIGGER agents_inserted AFTER INSERT ON agents REFERENCING NEW TABLE AS new_agents FOR EACH STATEMENT EXECUTE FUNCTION agents_inserted();
CREATE TRIGGER agents_updated AFTER UPDATE ON agents REFERENCING OLD TABLE AS old_agents NEW TABLE AS new_agents FOR EACH STATEMENT EXECUTE FUNCTION agents_updated();
CREATE TRIGGER calls_deleted AFTER DELETE ON calls REFERENCING OLD TABLE AS old_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_deleted();
CREATE TRIGGER calls_inserted AFTER INSERT ON calls REFERENCING NEW TABLE AS new_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_inserted();
CREATE TRIGGER calls_updated AFTER UPDATE ON calls REFERENCING OLD TABLE AS old_calls NEW TABLE AS new_calls FOR EACH STATEMENT EXECUTE FUNCTION calls_updated();
ALTER TABLE link_requests ADD CONSTRAINT link_requests_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE link_requests ADD CONSTRAINT link_requests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE log_readers ADD CONSTRAINT log_readers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE people ADD CONSTRAINT people_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE rules ADD CONSTRAINT rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE sign_in_codes ADD CONSTRAINT sign_in_codes_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE sign_in_codes ADD CONSTRAINT sign_in_codes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE sign_in_codes ADD CONSTRAINT sign_in_codes_voucher_id_fkey FOREIGN KEY (voucher_id) REFERENCES tokens(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE tenant_agents ADD CONSTRAINT tenant_agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE tokens ADD CONSTRAINT tokens_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES tokens(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE tokens ADD CONSTRAINT tokens_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE tokens ADD CONSTRAINT tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhook_attempts ADD CONSTRAINT webhook_attempts_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhook_waiting ADD CONSTRAINT webhook_waiting_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhooks ADD CONSTRAINT webhooks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id) ON UPDATE CASCADE ON DELETE CASCADE;
CREATE TRIGGER events_written INSTEAD OF INSERT OR DELETE OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_written();
