-- Modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "raw_key_hint" character varying NOT NULL DEFAULT '';
