-- AlterTable
ALTER TABLE "tokens" ADD COLUMN "viewed_by" TEXT;

-- CreateTable
CREATE TABLE "sign_in_codes" (
    "id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "tenant_id" TEXT,
    "scopes" TEXT[],
    "voucher_id" TEXT,
    "vouched_until" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "sign_in_codes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "sign_in_codes_hash_key" ON "sign_in_codes"("hash");

-- CreateIndex
CREATE INDEX "sign_in_codes_expires_at_idx" ON "sign_in_codes"("expires_at");

-- CreateIndex
CREATE INDEX "sign_in_codes_tenant_id_idx" ON "sign_in_codes"("tenant_id");

-- CreateIndex
CREATE INDEX "sign_in_codes_voucher_id_idx" ON "sign_in_codes"("voucher_id");

-- AddForeignKey
ALTER TABLE "sign_in_codes" ADD CONSTRAINT "sign_in_codes_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sign_in_codes" ADD CONSTRAINT "sign_in_codes_voucher_id_fkey" FOREIGN KEY ("voucher_id") REFERENCES "tokens"("id") ON DELETE CASCADE ON UPDATE CASCADE;
