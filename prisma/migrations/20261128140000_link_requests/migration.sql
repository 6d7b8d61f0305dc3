-- What the operator said last of a person: with these rights a link may be mailed on that word, as long as it holds. Those who
-- are known are vouched for by the next link.
ALTER TABLE "people" ADD COLUMN "scopes" TEXT[] DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "people" ADD COLUMN "voucher_id" TEXT;
ALTER TABLE "people" ADD COLUMN "vouched_until" TIMESTAMPTZ(3);
CREATE INDEX "people_email_idx" ON "people"(lower("email")) WHERE "removed_at" IS NULL;

-- Who asked for a new sign-in link: one row for each person of a tenant, and one for all whose names nobody knows.
CREATE TABLE "link_requests" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "person_id" TEXT,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "mailed_at" TIMESTAMPTZ(3),

    CONSTRAINT "link_requests_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "link_requests_tenant_id_person_id_key" ON "link_requests"("tenant_id", "person_id") WHERE "person_id" IS NOT NULL;
CREATE UNIQUE INDEX "link_requests_nameless_key" ON "link_requests"("tenant_id") WHERE "person_id" IS NULL;
CREATE INDEX "link_requests_tenant_id_idx" ON "link_requests"("tenant_id");
CREATE INDEX "link_requests_person_id_idx" ON "link_requests"("person_id");
CREATE INDEX "link_requests_asked_at_idx" ON "link_requests"("asked_at");
ALTER TABLE "link_requests" ADD CONSTRAINT "link_requests_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "link_requests" ADD CONSTRAINT "link_requests_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "people"("id") ON DELETE CASCADE ON UPDATE CASCADE;
