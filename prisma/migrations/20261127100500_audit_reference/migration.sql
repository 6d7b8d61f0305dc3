-- What is shown of an entry: its id counts the entries of all books, and would tell a tenant about others.
ALTER TABLE "audit" ADD COLUMN "reference" UUID NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX "audit_reference_key" ON "audit"("reference");
