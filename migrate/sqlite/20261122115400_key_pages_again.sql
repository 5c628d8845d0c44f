-- Databases that had 20261122080819_pages before 20261122080818_key_pages_undone
-- get the index back that the latter took. Others have it.
CREATE INDEX IF NOT EXISTS "credential_organization_id_id" ON "credentials" ("organization_id", "id");
DROP INDEX IF EXISTS "credential_organization_id";
