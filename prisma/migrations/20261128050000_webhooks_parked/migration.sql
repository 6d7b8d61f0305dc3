-- Events that wait for an endpoint to which nothing is sent have next_at = 'infinity', so that a look for what is due does not read them.
-- This index finds their endpoints.
CREATE INDEX "webhook_waiting_parked_idx" ON "webhook_waiting" ("webhook_id") WHERE "next_at" = 'infinity';
