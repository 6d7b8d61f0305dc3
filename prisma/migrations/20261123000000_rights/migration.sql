-- AlterTable
ALTER TABLE "ownerships" ADD COLUMN "until_position" BIGINT;

-- AlterTable
ALTER TABLE "tokens" ADD COLUMN "kid" TEXT,
ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'api',
ADD COLUMN "narrowing" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN "parent_id" TEXT;

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tenant_id" TEXT,
    "by" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "tenants" TEXT[],
    "before" JSONB,
    "after" JSONB,
    "request_id" TEXT,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- DropIndex
DROP INDEX "tokens_tenant_id_created_at_idx";

-- CreateIndex
CREATE INDEX "audit_tenant_id_id_idx" ON "audit"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "audit_tenants_idx" ON "audit" USING GIN ("tenants");

-- CreateIndex
CREATE INDEX "tokens_tenant_id_kind_created_at_idx" ON "tokens"("tenant_id", "kind", "created_at");

-- CreateIndex
CREATE INDEX "tokens_parent_id_idx" ON "tokens"("parent_id");

-- CreateIndex
CREATE INDEX "tokens_kind_expires_at_idx" ON "tokens"("kind", "expires_at");

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "tokens"("id") ON DELETE CASCADE ON UPDATE CASCADE;
