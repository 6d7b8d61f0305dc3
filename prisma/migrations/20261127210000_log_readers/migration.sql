-- Durable readers of tenants' logs (src/readers): where each stands, and which shards of tenants a process was reading for when it ended.
-- New tables only: processes of the version before know nothing of them.
CREATE TABLE "log_readers" (
    "kind" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "shard" SMALLINT NOT NULL,
    "cursor" BIGINT NOT NULL,
    "runs" BOOLEAN NOT NULL DEFAULT true,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "last_skipped" JSONB,
    "trying" BIGINT,
    "tries" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "log_readers_pkey" PRIMARY KEY ("tenant_id", "kind", "name")
);

CREATE INDEX "log_readers_shard_idx" ON "log_readers" ("shard");

ALTER TABLE "log_readers" ADD CONSTRAINT "log_readers_tenant_id_fkey"
  FOREIGN KEY ("tenant_id") REFERENCES "tenants" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "reader_shards" (
    "shard" SMALLINT NOT NULL,
    "is_held" BOOLEAN NOT NULL,

    CONSTRAINT "reader_shards_pkey" PRIMARY KEY ("shard")
);
