-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "tenants" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "limits" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agents" (
    "name" TEXT NOT NULL,
    "tenant_id" TEXT,
    "since" TIMESTAMPTZ(3),

    CONSTRAINT "agents_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "ownerships" (
    "id" BIGSERIAL NOT NULL,
    "agent" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "from_position" BIGINT NOT NULL,
    "changed_by" TEXT NOT NULL,

    CONSTRAINT "ownerships_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signing_keys" (
    "kid" TEXT NOT NULL,
    "private_key" TEXT NOT NULL,
    "public_key" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "log_head" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL,

    CONSTRAINT "log_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant_heads" (
    "tenant_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "expired_until" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "tenant_heads_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "events" (
    "position" BIGINT NOT NULL,
    "tenant_id" TEXT,
    "seq" BIGINT,
    "call_id" TEXT,
    "agent" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "source_key" TEXT NOT NULL,
    "data" TEXT NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("position")
);

-- CreateTable
CREATE TABLE "call_tenants" (
    "call_id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "agent" TEXT NOT NULL,
    "first_position" BIGINT NOT NULL,

    CONSTRAINT "call_tenants_pkey" PRIMARY KEY ("call_id")
);

-- CreateTable
CREATE TABLE "unowned_agents" (
    "name" TEXT NOT NULL,
    "first_seen" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "unowned_agents_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "source_cursors" (
    "source" TEXT NOT NULL,
    "log" TEXT NOT NULL,
    "cursor" BIGINT NOT NULL,
    "done" BOOLEAN NOT NULL DEFAULT false,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "source_cursors_pkey" PRIMARY KEY ("source","log")
);

-- CreateIndex
CREATE INDEX "agents_tenant_id_idx" ON "agents"("tenant_id");

-- CreateIndex
CREATE INDEX "ownerships_agent_id_idx" ON "ownerships"("agent", "id");

-- CreateIndex
CREATE INDEX "ownerships_tenant_id_agent_idx" ON "ownerships"("tenant_id", "agent");

-- CreateIndex
CREATE INDEX "tokens_tenant_id_created_at_idx" ON "tokens"("tenant_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "events_source_key_key" ON "events"("source_key");

-- CreateIndex
CREATE INDEX "events_call_id_position_idx" ON "events"("call_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "events_tenant_id_seq_key" ON "events"("tenant_id", "seq");

-- CreateIndex
CREATE INDEX "call_tenants_tenant_id_first_position_idx" ON "call_tenants"("tenant_id", "first_position");

-- AddForeignKey
ALTER TABLE "agents" ADD CONSTRAINT "agents_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- The log's head has exactly one row; holding it is the append lock.
INSERT INTO "log_head" ("id", "position") VALUES (1, 0);
