-- Tenants whose rights have ended and whose rows are being removed, in small batches, by whichever process is there. As long as a row
-- stands here, no tenant of that name can be made: nothing of the old one may reach a new one.
CREATE TABLE "tenant_erasures" (
    "tenant_id" TEXT NOT NULL,
    "begun_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "events" BIGINT NOT NULL,
    "erased" BIGINT NOT NULL DEFAULT 0,
    "step" TEXT NOT NULL DEFAULT 'release',
    "cursor" TEXT,

    CONSTRAINT "tenant_erasures_pkey" PRIMARY KEY ("tenant_id")
);

-- What belongs to nobody, in order: retention looks for the oldest of it, however large the log is. Prisma's schema cannot express a
-- partial index; this comment is its place. On a large log, make it with CREATE INDEX CONCURRENTLY before the upgrade.
CREATE INDEX IF NOT EXISTS "events_unowned_idx" ON "events"("position") WHERE "tenant_id" IS NULL;
