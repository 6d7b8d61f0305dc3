-- CreateTable
CREATE TABLE "calls" (
    "tenant_id" TEXT NOT NULL,
    "call_id" TEXT NOT NULL,
    "agent" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "transport" TEXT,
    "reason" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "duration" DOUBLE PRECISION,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "words" tsvector NOT NULL,
    "head" TEXT NOT NULL,

    CONSTRAINT "calls_pkey" PRIMARY KEY ("tenant_id","call_id")
);

-- CreateTable
CREATE TABLE "call_parts" (
    "tenant_id" TEXT NOT NULL,
    "call_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "text" TEXT NOT NULL,
    "words" tsvector NOT NULL,
    "state" TEXT NOT NULL,

    CONSTRAINT "call_parts_pkey" PRIMARY KEY ("tenant_id","call_id","key")
);

-- CreateTable
CREATE TABLE "projections" (
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "rebuild_after" TEXT,
    "rebuild_done" INTEGER NOT NULL DEFAULT 0,
    "rebuild_total" INTEGER NOT NULL DEFAULT 0,
    "rebuild_started_at" TIMESTAMPTZ(3),
    "rebuild_ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "projections_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "calls_tenant_id_started_at_call_id_idx" ON "calls"("tenant_id", "started_at", "call_id");

-- CreateIndex
CREATE INDEX "calls_tenant_id_state_started_at_idx" ON "calls"("tenant_id", "state", "started_at");

-- CreateIndex
CREATE INDEX "calls_started_at_call_id_idx" ON "calls"("started_at", "call_id");

-- CreateIndex
CREATE INDEX "calls_call_id_idx" ON "calls"("call_id");

-- CreateIndex
CREATE INDEX "calls_words_idx" ON "calls" USING GIN ("words" tsvector_ops);

-- CreateIndex
CREATE INDEX "call_parts_words_idx" ON "call_parts" USING GIN ("words" tsvector_ops);

-- A call's row is written again with nearly each of its events; room in its page keeps that from touching the indexes.
ALTER TABLE "calls" SET (fillfactor = 80);
ALTER TABLE "call_parts" SET (fillfactor = 90);

-- The log is read from its beginning.
INSERT INTO "projections" ("name", "position") VALUES ('calls', 0);
