-- The name that tokens bear as their issuer. Its one row is written at the first start that finds none: the PUBLIC_URL of that
-- start, which is also what a database of the version before has signed its tokens with.
CREATE TABLE "token_issuer" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "name" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "token_issuer_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "token_issuer_is_one" CHECK ("id" = 1)
);
