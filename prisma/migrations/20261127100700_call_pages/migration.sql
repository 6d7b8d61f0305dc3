-- A correction now stands in the message that it corrects, and what an upstream number refers to stands in a part of its own, so that
-- a long call is never read as a whole. Texts that were corrected: what a message says in the end is in its column "text".
-- PostgreSQL cannot read JSON with an escaped NUL; such a message keeps what was said first.
UPDATE "call_parts" m SET "state" = left(m."state", -1) || ',"corrected":{"value":' || to_json(m."text")::text || ',"rank":0,"seq":0}}'
WHERE m."kind" = 'message' AND m."text" <> ''
  AND EXISTS (SELECT FROM "call_parts" c
              WHERE c."tenant_id" = m."tenant_id" AND c."call_id" = m."call_id" AND c."kind" = 'correction')
  AND CASE WHEN strpos(m."state", '\u0000') > 0 THEN false
           ELSE m."state"::json #>> '{text,value}' IS DISTINCT FROM m."text" END;

-- The numbers of the calls in progress: later ones of theirs may be corrected.
INSERT INTO "call_parts" ("tenant_id", "call_id", "key", "kind", "seq", "text", "words", "state")
SELECT l.tenant_id, l.call_id, 'links ' || l.stretch, 'links', min(l.seq), '', '',
       json_build_object('kind', 'links', 'group', l.stretch, 'keys',
                         json_object_agg(l.source, json_build_object('value', l.key, 'rank', 0, 'seq', l.seq)))::text
FROM (SELECT DISTINCT ON (m."tenant_id", m."call_id", s.source)
        m."tenant_id", m."call_id", m."key", m."seq", s.source, floor(s.source::numeric / 32) * 32 AS stretch
      FROM "call_parts" m JOIN "calls" c USING ("tenant_id", "call_id")
      CROSS JOIN LATERAL json_array_elements_text(
        CASE WHEN strpos(m."state", '\u0000') > 0 THEN '[]' ELSE coalesce(m."state"::json -> 'sources', '[]') END) AS s(source)
      WHERE m."kind" = 'message' AND c."state" <> 'ended' AND m."key" NOT LIKE 'hash %' AND s.source ~ '^\d{1,15}$'
      ORDER BY m."tenant_id", m."call_id", s.source, m."seq") l
GROUP BY l.tenant_id, l.call_id, l.stretch;

DELETE FROM "call_parts" WHERE "kind" = 'correction';

-- What is not shown has no place among what is: a page of a transcript passes it over.
ALTER TABLE "call_parts" ALTER COLUMN "seq" DROP NOT NULL;
UPDATE "call_parts" SET "seq" = NULL
WHERE "kind" = 'links' OR ("kind" = 'message' AND "text" = ''
                           AND ("state" LIKE '%"interrupted":false%' OR "state" LIKE '%"rejected":true%'));

-- CreateIndex
CREATE INDEX "call_parts_tenant_id_call_id_seq_idx" ON "call_parts"("tenant_id", "call_id", "seq");

-- AlterTable
ALTER TABLE "projections" ADD COLUMN "rebuild_call" TEXT, ADD COLUMN "rebuild_reached" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "projection_attempts" (
    "name" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "size" INTEGER NOT NULL,
    "careful" INTEGER NOT NULL,

    CONSTRAINT "projection_attempts_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "quarantined_calls" (
    "tenant_id" TEXT NOT NULL,
    "call_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quarantined_calls_pkey" PRIMARY KEY ("tenant_id","call_id")
);
