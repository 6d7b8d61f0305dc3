-- A source's cursors as they are loaded at its start: of a call that is over only when it is asked for. And those that are over, by age:
-- they expire. Prisma's schema cannot express partial indexes; this comment is their place.
CREATE INDEX "source_cursors_open_idx" ON "source_cursors"("source") WHERE NOT "done" OR "log" NOT LIKE 'call:%';
CREATE INDEX "source_cursors_over_idx" ON "source_cursors"("updated_at") WHERE "done" AND "log" LIKE 'call:%';
