-- Modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "imported" boolean NOT NULL DEFAULT false;
-- Modify "organizations" table
ALTER TABLE "organizations" ADD COLUMN "imported_keys" boolean NOT NULL DEFAULT false;
