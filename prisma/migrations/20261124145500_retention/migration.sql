-- CreateTable
CREATE TABLE "log_expiry" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL,

    CONSTRAINT "log_expiry_pkey" PRIMARY KEY ("id")
);

-- Its only row.
INSERT INTO "log_expiry" ("id", "position") VALUES (1, 0);
