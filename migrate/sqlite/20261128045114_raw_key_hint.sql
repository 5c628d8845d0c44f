-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_credentials" table
CREATE TABLE `new_credentials` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL DEFAULT (''), `environment` text NOT NULL DEFAULT ('DEVELOPMENT'), `status` text NOT NULL DEFAULT ('ACTIVE'), `auth_type` text NOT NULL DEFAULT ('API_KEY'), `username` uuid NOT NULL, `secret_hash` blob NULL, `pepper_id` text NOT NULL DEFAULT (''), `secret_hint` text NOT NULL DEFAULT (''), `raw_key_hint` text NOT NULL DEFAULT (''), `access` text NOT NULL DEFAULT ('ALL'), `allowed_addresses` json NULL, `rate_limit` json NULL, `expires_at` datetime NULL, `expiry_recorded_at` datetime NULL, `last_used_at` datetime NULL, `revoked_at` datetime NULL, `revoked_by` uuid NULL, `revoked_reason` text NULL, `revoked_note` text NOT NULL DEFAULT (''), `deleted_at` datetime NULL, `app_id` uuid NULL, `account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `credentials_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE SET NULL, CONSTRAINT `credentials_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `credentials_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `credentials_access` CHECK (access IN ('ALL', 'LISTED')), CONSTRAINT `credentials_auth_type` CHECK (auth_type IN ('API_KEY', 'BASIC')), CONSTRAINT `credentials_environment` CHECK (environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')), CONSTRAINT `credentials_reason` CHECK (revoked_reason IS NULL OR revoked_reason IN ('UNSPECIFIED', 'KEY_COMPROMISE', 'SUPERSEDED', 'CESSATION_OF_OPERATION', 'PRIVILEGE_WITHDRAWN', 'APP_DELETED', 'ACCOUNT_DELETED')), CONSTRAINT `credentials_revoked` CHECK ((status = 'REVOKED') = (revoked_at IS NOT NULL) AND (status = 'REVOKED') = (revoked_reason IS NOT NULL)), CONSTRAINT `credentials_secret` CHECK (status = 'REVOKED' OR (status = 'UNCOLLECTED') = (secret_hash IS NULL)), CONSTRAINT `credentials_status` CHECK (status IN ('ACTIVE', 'UNCOLLECTED', 'DISABLED', 'REVOKED')));
-- Copy rows from old table "credentials" to new temporary table "new_credentials"
INSERT INTO `new_credentials` (`id`, `created_at`, `updated_at`, `version`, `name`, `environment`, `status`, `auth_type`, `username`, `secret_hash`, `pepper_id`, `secret_hint`, `access`, `allowed_addresses`, `rate_limit`, `expires_at`, `expiry_recorded_at`, `last_used_at`, `revoked_at`, `revoked_by`, `revoked_reason`, `revoked_note`, `deleted_at`, `app_id`, `account_id`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `environment`, `status`, `auth_type`, `username`, `secret_hash`, `pepper_id`, `secret_hint`, `access`, `allowed_addresses`, `rate_limit`, `expires_at`, `expiry_recorded_at`, `last_used_at`, `revoked_at`, `revoked_by`, `revoked_reason`, `revoked_note`, `deleted_at`, `app_id`, `account_id`, `organization_id` FROM `credentials`;
-- Drop "credentials" table after copying rows
DROP TABLE `credentials`;
-- Rename temporary table "new_credentials" to "credentials"
ALTER TABLE `new_credentials` RENAME TO `credentials`;
-- Create index "credentials_username_key" to table: "credentials"
CREATE UNIQUE INDEX `credentials_username_key` ON `credentials` (`username`);
-- Create index "credential_app_id_created_at_id" to table: "credentials"
CREATE INDEX `credential_app_id_created_at_id` ON `credentials` (`app_id`, `created_at`, `id`);
-- Create index "credential_account_id_created_at_id" to table: "credentials"
CREATE INDEX `credential_account_id_created_at_id` ON `credentials` (`account_id`, `created_at`, `id`);
-- Create index "credential_organization_id_id" to table: "credentials"
CREATE INDEX `credential_organization_id_id` ON `credentials` (`organization_id`, `id`);
-- Create index "credential_expires_at" to table: "credentials"
CREATE INDEX `credential_expires_at` ON `credentials` (`expires_at`) WHERE expires_at IS NOT NULL AND expiry_recorded_at IS NULL AND status <> 'REVOKED';
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
