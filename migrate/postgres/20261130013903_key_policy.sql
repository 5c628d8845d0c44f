-- Create index "credential_organization_id_created_at_id" to table: "credentials"
CREATE INDEX "credential_organization_id_created_at_id" ON "credentials" ("organization_id", "created_at", "id");
-- Modify "organizations" table
ALTER TABLE "organizations" ADD COLUMN "rotate_keys_every" jsonb NULL;
-- The orders by times that may be NULL: see Nulls of package listing. ent does not declare these
CREATE INDEX "credential_organization_id_last_used" ON "credentials" ("organization_id", (COALESCE("last_used_at", '0001-01-01 00:00:00+00:00'::timestamptz)), "id");
CREATE INDEX "credential_organization_id_expiry" ON "credentials" ("organization_id", (COALESCE("expires_at", '9999-12-31 23:59:59+00:00'::timestamptz)), "id");
