-- Drop index "user_organization_id_email_folded" from table: "users"
DROP INDEX "user_organization_id_email_folded";
-- Modify "users" table
ALTER TABLE "users" ADD COLUMN "deleted_at" timestamptz NULL;
-- Create index "user_organization_id_email_folded" to table: "users"
CREATE UNIQUE INDEX "user_organization_id_email_folded" ON "users" ("organization_id", "email_folded") WHERE deleted_at IS NULL;
