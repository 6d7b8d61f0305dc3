-- A token that is rolled ends sooner: its row's expires_at is brought forward. This keeps the end that its text says.
ALTER TABLE "tokens" ADD COLUMN "text_ends_at" TIMESTAMPTZ(3);
