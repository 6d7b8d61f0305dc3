-- The book is read in the order of time, narrowed to a span of it, to an action, to who did it or to what was changed.
-- Targets and actors may be longer than a B-tree takes, and are looked up whole: hash indexes. On a large book, make the
-- indexes with CREATE INDEX CONCURRENTLY before the upgrade.
CREATE INDEX "audit_tenant_id_at_id_idx" ON "audit"("tenant_id", "at", "id");
CREATE INDEX "audit_tenant_id_action_at_id_idx" ON "audit"("tenant_id", "action", "at", "id");
CREATE INDEX "audit_by_idx" ON "audit" USING HASH ("by");
CREATE INDEX "audit_target_idx" ON "audit" USING HASH ("target");

-- The names of tokens at the time: a token's row may be gone before the entry about it.
ALTER TABLE "audit" ADD COLUMN "by_name" TEXT, ADD COLUMN "target_name" TEXT;
