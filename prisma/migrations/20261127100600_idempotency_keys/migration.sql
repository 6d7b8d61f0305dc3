-- Which body an Idempotency-Key of a tenant ('': the platform) came with, for a day. Hashes only: a key is the sender's own text.
CREATE TABLE "idempotency_keys" (
    "tenant_id" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("tenant_id", "key_hash")
);

CREATE INDEX "idempotency_keys_tenant_id_used_at_idx" ON "idempotency_keys" ("tenant_id", "used_at");
CREATE INDEX "idempotency_keys_used_at_idx" ON "idempotency_keys" ("used_at");
