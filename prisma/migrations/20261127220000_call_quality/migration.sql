-- How good calls were (src/calls/fold/quality.ts): what lists are sorted and narrowed by, and numbers are made of. Null: nobody
-- measured it, or an older version wrote the row; the calls are made anew after this (src/calls/projection/call-store.ts, VERSION).
ALTER TABLE calls
    -- From when the caller stopped until the agent was heard, milliseconds: of the call, and of each of its turns.
    ADD COLUMN latency_p50 double precision,
    ADD COLUMN latency_p95 double precision,
    ADD COLUMN latency_max double precision,
    ADD COLUMN latency_turns integer,
    ADD COLUMN latencies integer[],
    ADD COLUMN tools integer,
    ADD COLUMN tools_failed integer,
    ADD COLUMN interruptions integer,
    ADD COLUMN score_passed boolean,
    ADD COLUMN escalated boolean,
    ADD COLUMN incomplete boolean;

-- The slowest and the longest of a tenant.
CREATE INDEX calls_slowest_idx ON calls (tenant_id, latency_p95, started_at, call_id) WHERE latency_p95 IS NOT NULL;
CREATE INDEX calls_longest_idx ON calls (tenant_id, duration, started_at, call_id) WHERE duration IS NOT NULL;
