-- Modify "organizations" table
ALTER TABLE "organizations" ADD COLUMN "staff_totp" boolean NOT NULL DEFAULT false;
-- Modify "users" table
ALTER TABLE "users" ADD COLUMN "totp_enabled_at" timestamptz NULL;
-- Create "recovery_codes" table
CREATE TABLE "recovery_codes" ("id" uuid NOT NULL, "user_id" uuid NOT NULL, "code_hash" bytea NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "recovery_codes_code_hash_key" to table: "recovery_codes"
CREATE UNIQUE INDEX "recovery_codes_code_hash_key" ON "recovery_codes" ("code_hash");
-- Create index "recoverycode_user_id" to table: "recovery_codes"
CREATE INDEX "recoverycode_user_id" ON "recovery_codes" ("user_id");
-- Create "totp_factors" table
CREATE TABLE "totp_factors" ("id" uuid NOT NULL, "user_id" uuid NOT NULL, "pepper_id" character varying NOT NULL, "last_step" bigint NOT NULL DEFAULT 0, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "totp_factors_user_id_key" to table: "totp_factors"
CREATE UNIQUE INDEX "totp_factors_user_id_key" ON "totp_factors" ("user_id");
