-- Webhooks (src/webhooks): endpoints, the events that wait for another attempt, and what became of attempts. No event is copied: what is
-- sent is read from the log. New tables only: processes of the version before know nothing of them.
CREATE TABLE "webhooks" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT,
    "filter" JSONB NOT NULL DEFAULT '{}',
    "each" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_until" TIMESTAMPTZ(3),
    "last_sent" BIGINT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_success_at" TIMESTAMPTZ(3),
    "last_failure_at" TIMESTAMPTZ(3),
    "last_failure_status" INTEGER,
    "last_failure_reason" TEXT,
    "active_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "webhooks_tenant_id_id_idx" ON "webhooks" ("tenant_id", "id");

ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_tenant_id_fkey"
  FOREIGN KEY ("tenant_id") REFERENCES "tenants" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "webhook_waiting" (
    "webhook_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "shard" SMALLINT NOT NULL,
    "call_id" TEXT,
    "previous" BIGINT,
    "tries" INTEGER NOT NULL,
    "next_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_waiting_pkey" PRIMARY KEY ("webhook_id", "seq")
);

CREATE INDEX "webhook_waiting_shard_next_at_idx" ON "webhook_waiting" ("shard", "next_at");
CREATE INDEX "webhook_waiting_webhook_id_call_id_seq_idx" ON "webhook_waiting" ("webhook_id", "call_id", "seq");

ALTER TABLE "webhook_waiting" ADD CONSTRAINT "webhook_waiting_webhook_id_fkey"
  FOREIGN KEY ("webhook_id") REFERENCES "webhooks" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "webhook_attempts" (
    "id" TEXT NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "call_id" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "ms" INTEGER NOT NULL,
    "is_delivered" BOOLEAN NOT NULL,
    "status" INTEGER,
    "reason" TEXT,
    "response" TEXT,
    "next_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_attempts_pkey" PRIMARY KEY ("webhook_id", "id")
);

CREATE INDEX "webhook_attempts_webhook_id_is_delivered_id_idx" ON "webhook_attempts" ("webhook_id", "is_delivered", "id");
CREATE INDEX "webhook_attempts_at_idx" ON "webhook_attempts" ("at");
CREATE INDEX "webhook_attempts_tenant_id_call_id_idx" ON "webhook_attempts" ("tenant_id", "call_id");

ALTER TABLE "webhook_attempts" ADD CONSTRAINT "webhook_attempts_webhook_id_fkey"
  FOREIGN KEY ("webhook_id") REFERENCES "webhooks" ("id") ON DELETE CASCADE ON UPDATE CASCADE;
