-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_mail_deliveries" table
CREATE TABLE `new_mail_deliveries` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `cause` text NOT NULL, `event_id` uuid NULL, `recipient_id` uuid NOT NULL, `sequence` integer NOT NULL, `state` text NOT NULL DEFAULT ('PENDING'), `message_id` text NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `claimed_until` datetime NULL, `problem` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `settled_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `mail_deliveries_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED')), CONSTRAINT `mail_deliveries_settled` CHECK ((state = 'PENDING') = (settled_at IS NULL)), CONSTRAINT `mail_deliveries_state` CHECK (state IN ('PENDING', 'SENT', 'FAILED', 'SKIPPED')));
-- Copy rows from old table "mail_deliveries" to new temporary table "new_mail_deliveries"
INSERT INTO `new_mail_deliveries` (`id`, `organization_id`, `kind`, `cause`, `event_id`, `recipient_id`, `sequence`, `state`, `message_id`, `attempts`, `next_attempt_at`, `claimed_until`, `problem`, `created_at`, `settled_at`) SELECT `id`, `organization_id`, `kind`, `cause`, `event_id`, `recipient_id`, `sequence`, `state`, `message_id`, `attempts`, `next_attempt_at`, `claimed_until`, `problem`, `created_at`, `settled_at` FROM `mail_deliveries`;
-- Drop "mail_deliveries" table after copying rows
DROP TABLE `mail_deliveries`;
-- Rename temporary table "new_mail_deliveries" to "mail_deliveries"
ALTER TABLE `new_mail_deliveries` RENAME TO `mail_deliveries`;
-- Create index "maildelivery_organization_id_kind_cause_recipient_id" to table: "mail_deliveries"
CREATE UNIQUE INDEX `maildelivery_organization_id_kind_cause_recipient_id` ON `mail_deliveries` (`organization_id`, `kind`, `cause`, `recipient_id`);
-- Create index "maildelivery_recipient_id_sequence" to table: "mail_deliveries"
CREATE INDEX `maildelivery_recipient_id_sequence` ON `mail_deliveries` (`recipient_id`, `sequence`) WHERE state = 'PENDING';
-- Create index "maildelivery_next_attempt_at" to table: "mail_deliveries"
CREATE INDEX `maildelivery_next_attempt_at` ON `mail_deliveries` (`next_attempt_at`) WHERE state = 'PENDING';
-- Create index "maildelivery_created_at" to table: "mail_deliveries"
CREATE INDEX `maildelivery_created_at` ON `mail_deliveries` (`created_at`);
-- Create "new_mail_kind_settings" table
CREATE TABLE `new_mail_kind_settings` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `enabled` bool NOT NULL DEFAULT (true), `subject` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `mail_kind_settings_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED')), CONSTRAINT `mail_kind_settings_subject` CHECK (length(subject) <= 150));
-- Copy rows from old table "mail_kind_settings" to new temporary table "new_mail_kind_settings"
INSERT INTO `new_mail_kind_settings` (`id`, `organization_id`, `kind`, `enabled`, `subject`) SELECT `id`, `organization_id`, `kind`, `enabled`, `subject` FROM `mail_kind_settings`;
-- Drop "mail_kind_settings" table after copying rows
DROP TABLE `mail_kind_settings`;
-- Rename temporary table "new_mail_kind_settings" to "mail_kind_settings"
ALTER TABLE `new_mail_kind_settings` RENAME TO `mail_kind_settings`;
-- Create index "mailkindsetting_organization_id_kind" to table: "mail_kind_settings"
CREATE UNIQUE INDEX `mailkindsetting_organization_id_kind` ON `mail_kind_settings` (`organization_id`, `kind`);
-- Create "new_credentials" table
CREATE TABLE `new_credentials` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL DEFAULT (''), `environment` text NOT NULL DEFAULT ('DEVELOPMENT'), `status` text NOT NULL DEFAULT ('ACTIVE'), `auth_type` text NOT NULL DEFAULT ('API_KEY'), `username` uuid NOT NULL, `disabled_by_owner` bool NOT NULL DEFAULT (false), `labels` json NULL, `secret_hash` blob NULL, `pepper_id` text NOT NULL DEFAULT (''), `secret_hint` text NOT NULL DEFAULT (''), `raw_key_hint` text NOT NULL DEFAULT (''), `access` text NOT NULL DEFAULT ('ALL'), `allowed_addresses` json NULL, `rate_limit` json NULL, `imported` bool NOT NULL DEFAULT (false), `expires_at` datetime NULL, `expiry_recorded_at` datetime NULL, `expiry_notice` integer NULL, `last_used_at` datetime NULL, `revoked_at` datetime NULL, `revoked_by` uuid NULL, `revoked_reason` text NULL, `revoked_note` text NOT NULL DEFAULT (''), `deleted_at` datetime NULL, `rotated_at` datetime NULL, `expires_unrotated_at` datetime NULL, `still_used_from` datetime NULL, `app_id` uuid NULL, `account_id` uuid NOT NULL, `predecessor_id` uuid NULL, `successor_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `credentials_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE SET NULL, CONSTRAINT `credentials_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `credentials_credentials_successors` FOREIGN KEY (`predecessor_id`) REFERENCES `credentials` (`id`) ON DELETE SET NULL, CONSTRAINT `credentials_credentials_predecessors` FOREIGN KEY (`successor_id`) REFERENCES `credentials` (`id`) ON DELETE SET NULL, CONSTRAINT `credentials_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `credentials_access` CHECK (access IN ('ALL', 'LISTED')), CONSTRAINT `credentials_auth_type` CHECK (auth_type IN ('API_KEY', 'BASIC')), CONSTRAINT `credentials_disabled_by` CHECK (NOT (disabled_by_owner AND status = 'ACTIVE')), CONSTRAINT `credentials_environment` CHECK (environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')), CONSTRAINT `credentials_reason` CHECK (revoked_reason IS NULL OR revoked_reason IN ('UNSPECIFIED', 'KEY_COMPROMISE', 'SUPERSEDED', 'CESSATION_OF_OPERATION', 'PRIVILEGE_WITHDRAWN', 'APP_DELETED', 'ACCOUNT_DELETED')), CONSTRAINT `credentials_revoked` CHECK ((status = 'REVOKED') = (revoked_at IS NOT NULL) AND (status = 'REVOKED') = (revoked_reason IS NOT NULL)), CONSTRAINT `credentials_rotated` CHECK ((rotated_at IS NOT NULL AND expires_at IS NOT NULL) OR (successor_id IS NULL AND expires_unrotated_at IS NULL AND still_used_from IS NULL)), CONSTRAINT `credentials_secret` CHECK (status = 'REVOKED' OR (status = 'UNCOLLECTED') = (secret_hash IS NULL)), CONSTRAINT `credentials_status` CHECK (status IN ('ACTIVE', 'UNCOLLECTED', 'DISABLED', 'REVOKED')));
-- Copy rows from old table "credentials" to new temporary table "new_credentials"
INSERT INTO `new_credentials` (`id`, `created_at`, `updated_at`, `version`, `name`, `environment`, `status`, `auth_type`, `username`, `disabled_by_owner`, `labels`, `secret_hash`, `pepper_id`, `secret_hint`, `raw_key_hint`, `access`, `allowed_addresses`, `rate_limit`, `imported`, `expires_at`, `expiry_recorded_at`, `expiry_notice`, `last_used_at`, `revoked_at`, `revoked_by`, `revoked_reason`, `revoked_note`, `deleted_at`, `app_id`, `account_id`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `environment`, `status`, `auth_type`, `username`, `disabled_by_owner`, `labels`, `secret_hash`, `pepper_id`, `secret_hint`, `raw_key_hint`, `access`, `allowed_addresses`, `rate_limit`, `imported`, `expires_at`, `expiry_recorded_at`, `expiry_notice`, `last_used_at`, `revoked_at`, `revoked_by`, `revoked_reason`, `revoked_note`, `deleted_at`, `app_id`, `account_id`, `organization_id` FROM `credentials`;
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
-- Create index "credential_organization_id_created_at_id" to table: "credentials"
CREATE INDEX `credential_organization_id_created_at_id` ON `credentials` (`organization_id`, `created_at`, `id`);
-- Create index "credential_organization_id_id" to table: "credentials"
CREATE INDEX `credential_organization_id_id` ON `credentials` (`organization_id`, `id`);
-- Create index "credential_expires_at" to table: "credentials"
CREATE INDEX `credential_expires_at` ON `credentials` (`expires_at`) WHERE expires_at IS NOT NULL AND expiry_recorded_at IS NULL AND status <> 'REVOKED';
-- Create index "credential_predecessor_id" to table: "credentials"
CREATE UNIQUE INDEX `credential_predecessor_id` ON `credentials` (`predecessor_id`) WHERE predecessor_id IS NOT NULL AND status <> 'REVOKED';
-- Create index "credential_predecessors" to table: "credentials"
CREATE INDEX `credential_predecessors` ON `credentials` (`predecessor_id`) WHERE predecessor_id IS NOT NULL;
-- Create index "credential_successor_id" to table: "credentials"
CREATE INDEX `credential_successor_id` ON `credentials` (`successor_id`) WHERE successor_id IS NOT NULL;
-- Create index "credential_overlaps" to table: "credentials"
CREATE INDEX `credential_overlaps` ON `credentials` (`expires_at`) WHERE still_used_from IS NOT NULL;
-- The orders by times that may be NULL, whose indexes went with the old table
CREATE INDEX `credential_organization_id_last_used` ON `credentials` (`organization_id`, COALESCE(`last_used_at`, '0001-01-01 00:00:00+00:00'), `id`);
CREATE INDEX `credential_organization_id_expiry` ON `credentials` (`organization_id`, COALESCE(`expires_at`, '9999-12-31 23:59:59+00:00'), `id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
