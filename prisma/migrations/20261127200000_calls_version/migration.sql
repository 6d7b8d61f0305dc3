-- By which version of the rules the tables of calls were made. Where that is an older one, the projection makes them anew from the log,
-- while they are read (src/calls/calls-rebuild.ts). Constant default: no row is rewritten.
ALTER TABLE "projections" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;
