-- Modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "name_folded" character varying NULL;
-- Names of ASCII letters alone; a job folds the others
UPDATE "credentials" SET "name_folded" = lower("name" COLLATE "C") WHERE octet_length("name") = char_length("name");
-- Create index "credential_unfolded" to table: "credentials"
CREATE INDEX "credential_unfolded" ON "credentials" ("name") WHERE name_folded IS NULL;
-- The previous release renames credentials and knows nothing of the column
CREATE FUNCTION forget_folded_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.name_folded := NULL;
  RETURN NEW;
END;
$$;
CREATE TRIGGER credentials_renamed BEFORE UPDATE OF name ON credentials FOR EACH ROW
  WHEN (NEW.name IS DISTINCT FROM OLD.name AND NEW.name_folded IS NOT DISTINCT FROM OLD.name_folded AND NEW.name_folded IS DISTINCT FROM lower(NEW.name))
  EXECUTE FUNCTION forget_folded_name();
-- What is searched, as database.Searched has it: ent does not declare indexes on expressions. Rows are added at once, because what waits to be added is read by each search, and stops a write now and then
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX "accounts_search" ON "accounts" USING gin (((name_folded)::text) gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX "apps_search" ON "apps" USING gin (((name_folded)::text || E'\n' || (reference_id)::text) gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX "products_search" ON "products" USING gin (((title_folded)::text || E'\n' || (name)::text) gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX "users_search" ON "users" USING gin (((name_folded)::text || E'\n' || (email_folded)::text) gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX "credentials_search" ON "credentials" USING gin (((COALESCE(name_folded, name))::text || E'\n' || (username)::text) gin_trgm_ops) WITH (fastupdate = off);
