-- Modify "events" table
ALTER TABLE "events" ADD COLUMN "actor_token_id" uuid NULL;
-- Modify "service_tokens" table
ALTER TABLE "service_tokens" ADD CONSTRAINT "service_tokens_account" CHECK ((CAST(scopes AS TEXT) LIKE '%"portal:%') = (account_id IS NOT NULL)), ADD CONSTRAINT "service_tokens_scopes" CHECK (replace(replace(replace(replace(replace(replace(replace(replace(replace(CAST(scopes AS TEXT), '"portal:read"', ''), '"portal:write"', ''), '"admin:read"', ''), '"admin:write"', ''), '"subscriptions:decide"', ''), '"users:act-as"', ''), '"gateway"', ''), ',', ''), ' ', '') = '[]' AND replace(CAST(scopes AS TEXT), ' ', '') <> '[]'), ADD COLUMN "expires_at" timestamptz NULL, ADD COLUMN "expiry_notice" bigint NULL, ADD COLUMN "account_id" uuid NULL, ADD CONSTRAINT "service_tokens_accounts_account" FOREIGN KEY ("account_id") REFERENCES "accounts" ("id") ON DELETE SET NULL;
-- Create index "servicetoken_organization_id_created_at_id" to table: "service_tokens"
CREATE INDEX "servicetoken_organization_id_created_at_id" ON "service_tokens" ("organization_id", "created_at", "id");
-- Create index "servicetoken_account_id" to table: "service_tokens"
CREATE INDEX "servicetoken_account_id" ON "service_tokens" ("account_id");
-- Create index "servicetoken_expires_at" to table: "service_tokens"
CREATE INDEX "servicetoken_expires_at" ON "service_tokens" ("expires_at") WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
