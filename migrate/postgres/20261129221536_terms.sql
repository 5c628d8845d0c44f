-- Modify "organizations" table
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_terms" CHECK ((terms_version IS NULL) = (terms_url IS NULL)), ADD COLUMN "terms_version" character varying NULL, ADD COLUMN "terms_url" character varying NULL;
-- Modify "sign_ups" table
ALTER TABLE "sign_ups" ADD COLUMN "terms_version" character varying NULL;
-- Modify "users" table
ALTER TABLE "users" ADD CONSTRAINT "users_terms" CHECK ((terms_version IS NULL) = (terms_accepted_at IS NULL)), ADD COLUMN "terms_version" character varying NULL, ADD COLUMN "terms_accepted_at" timestamptz NULL;
