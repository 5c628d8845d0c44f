-- Databases that had 20261122065857_key_pages, which is a part of the next file
-- now, get the index back that the next file replaces. Others have it.
CREATE INDEX IF NOT EXISTS "credential_organization_id" ON "credentials" ("organization_id");
DROP INDEX IF EXISTS "credential_organization_id_id";
