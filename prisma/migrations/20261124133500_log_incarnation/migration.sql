-- AlterTable
ALTER TABLE "tenant_heads" ADD COLUMN "incarnation" UUID NOT NULL DEFAULT gen_random_uuid();
