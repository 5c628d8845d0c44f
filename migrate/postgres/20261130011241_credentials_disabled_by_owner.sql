-- Modify "credentials" table
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_disabled_by" CHECK (NOT (disabled_by_owner AND status = 'ACTIVE')), ADD COLUMN "disabled_by_owner" boolean NOT NULL DEFAULT false, ADD COLUMN "labels" jsonb NULL;
