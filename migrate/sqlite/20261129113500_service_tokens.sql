-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Add column "actor_token_id" to table: "events"
ALTER TABLE `events` ADD COLUMN `actor_token_id` uuid NULL;
-- Create "new_service_tokens" table
CREATE TABLE `new_service_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `scopes` json NOT NULL, `token_hash` blob NOT NULL, `hint` text NOT NULL, `product_ids` json NULL, `environment` text NULL, `expires_at` datetime NULL, `expiry_notice` integer NULL, `revoked_at` datetime NULL, `last_used_at` datetime NULL, `account_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `service_tokens_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE SET NULL, CONSTRAINT `service_tokens_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `service_tokens_account` CHECK ((CAST(scopes AS TEXT) LIKE '%"portal:%') = (account_id IS NOT NULL)), CONSTRAINT `service_tokens_environment` CHECK (environment IS NULL OR environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')), CONSTRAINT `service_tokens_scopes` CHECK (replace(replace(replace(replace(replace(replace(replace(replace(replace(CAST(scopes AS TEXT), '"portal:read"', ''), '"portal:write"', ''), '"admin:read"', ''), '"admin:write"', ''), '"subscriptions:decide"', ''), '"users:act-as"', ''), '"gateway"', ''), ',', ''), ' ', '') = '[]' AND replace(CAST(scopes AS TEXT), ' ', '') <> '[]'));
-- Copy rows from old table "service_tokens" to new temporary table "new_service_tokens"
INSERT INTO `new_service_tokens` (`id`, `created_at`, `updated_at`, `version`, `name`, `scopes`, `token_hash`, `hint`, `product_ids`, `environment`, `revoked_at`, `last_used_at`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `scopes`, `token_hash`, `hint`, `product_ids`, `environment`, `revoked_at`, `last_used_at`, `organization_id` FROM `service_tokens`;
-- Drop "service_tokens" table after copying rows
DROP TABLE `service_tokens`;
-- Rename temporary table "new_service_tokens" to "service_tokens"
ALTER TABLE `new_service_tokens` RENAME TO `service_tokens`;
-- Create index "service_tokens_token_hash_key" to table: "service_tokens"
CREATE UNIQUE INDEX `service_tokens_token_hash_key` ON `service_tokens` (`token_hash`);
-- Create index "servicetoken_organization_id_name" to table: "service_tokens"
CREATE UNIQUE INDEX `servicetoken_organization_id_name` ON `service_tokens` (`organization_id`, `name`);
-- Create index "servicetoken_organization_id_created_at_id" to table: "service_tokens"
CREATE INDEX `servicetoken_organization_id_created_at_id` ON `service_tokens` (`organization_id`, `created_at`, `id`);
-- Create index "servicetoken_account_id" to table: "service_tokens"
CREATE INDEX `servicetoken_account_id` ON `service_tokens` (`account_id`);
-- Create index "servicetoken_expires_at" to table: "service_tokens"
CREATE INDEX `servicetoken_expires_at` ON `service_tokens` (`expires_at`) WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
