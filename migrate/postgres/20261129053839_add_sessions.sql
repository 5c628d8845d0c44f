-- Create "session_tokens" table
CREATE TABLE "session_tokens" ("id" uuid NOT NULL, "session_id" uuid NOT NULL, "token_hash" bytea NOT NULL, "created_at" timestamptz NOT NULL, "rotated_at" timestamptz NULL, PRIMARY KEY ("id"));
-- Create index "session_tokens_token_hash_key" to table: "session_tokens"
CREATE UNIQUE INDEX "session_tokens_token_hash_key" ON "session_tokens" ("token_hash");
-- Create index "sessiontoken_session_id_created_at_id" to table: "session_tokens"
CREATE INDEX "sessiontoken_session_id_created_at_id" ON "session_tokens" ("session_id", "created_at", "id");
-- Create index "sessiontoken_created_at" to table: "session_tokens"
CREATE INDEX "sessiontoken_created_at" ON "session_tokens" ("created_at");
-- Create "sessions" table
CREATE TABLE "sessions" ("id" uuid NOT NULL, "device" character varying NOT NULL, "address" character varying NOT NULL, "created_at" timestamptz NOT NULL, "last_seen_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "ended_at" timestamptz NULL, "user_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "sessions_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE NO ACTION, CONSTRAINT "sessions_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "sessions_ended" CHECK (ended_at IS NULL OR ended_at >= expires_at));
-- Create index "session_user_id_created_at_id" to table: "sessions"
CREATE INDEX "session_user_id_created_at_id" ON "sessions" ("user_id", "created_at", "id");
-- Create index "session_organization_id" to table: "sessions"
CREATE INDEX "session_organization_id" ON "sessions" ("organization_id");
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX "session_expires_at" ON "sessions" ("expires_at");
