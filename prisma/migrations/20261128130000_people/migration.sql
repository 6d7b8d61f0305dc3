-- The people of a tenant who sign in by links, each with a name. One that was removed stays for the audit.
CREATE TABLE "people" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "people_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "people_tenant_id_name_key" ON "people"("tenant_id", "name") WHERE "removed_at" IS NULL;
CREATE INDEX "people_tenant_id_created_at_idx" ON "people"("tenant_id", "created_at");
ALTER TABLE "people" ADD CONSTRAINT "people_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whose session, tab's token and link it is. Those that exist are nobody's by name.
ALTER TABLE "tokens" ADD COLUMN "person_id" TEXT;
CREATE INDEX "tokens_person_id_idx" ON "tokens"("person_id");
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "people"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "sign_in_codes" ADD COLUMN "person_id" TEXT;
CREATE INDEX "sign_in_codes_person_id_idx" ON "sign_in_codes"("person_id");
ALTER TABLE "sign_in_codes" ADD CONSTRAINT "sign_in_codes_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "people"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The person who did it; what the token was called is gone with the token.
ALTER TABLE "audit" ADD COLUMN "by_person" TEXT;
