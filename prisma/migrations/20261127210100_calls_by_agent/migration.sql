-- The newest calls of an agent, and those that are under way, without walking past the others. The projection waits while
-- they are built, some seconds for a million calls; appends and readers do not.
CREATE INDEX calls_agent_started_at_call_id_tenant_id_idx ON calls (agent, started_at, call_id, tenant_id);
CREATE INDEX calls_open_idx ON calls (started_at, call_id, tenant_id) WHERE state IN ('ringing', 'live');
