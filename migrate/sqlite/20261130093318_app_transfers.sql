-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_mail_deliveries" table
CREATE TABLE `new_mail_deliveries` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `cause` text NOT NULL, `event_id` uuid NULL, `recipient_id` uuid NOT NULL, `sequence` integer NOT NULL, `state` text NOT NULL DEFAULT ('PENDING'), `message_id` text NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `claimed_until` datetime NULL, `problem` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `settled_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `mail_deliveries_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED')), CONSTRAINT `mail_deliveries_settled` CHECK ((state = 'PENDING') = (settled_at IS NULL)), CONSTRAINT `mail_deliveries_state` CHECK (state IN ('PENDING', 'SENT', 'FAILED', 'SKIPPED')));
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
CREATE TABLE `new_mail_kind_settings` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `enabled` bool NOT NULL DEFAULT (true), `subject` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `mail_kind_settings_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED')), CONSTRAINT `mail_kind_settings_subject` CHECK (length(subject) <= 150));
-- Copy rows from old table "mail_kind_settings" to new temporary table "new_mail_kind_settings"
INSERT INTO `new_mail_kind_settings` (`id`, `organization_id`, `kind`, `enabled`, `subject`) SELECT `id`, `organization_id`, `kind`, `enabled`, `subject` FROM `mail_kind_settings`;
-- Drop "mail_kind_settings" table after copying rows
DROP TABLE `mail_kind_settings`;
-- Rename temporary table "new_mail_kind_settings" to "mail_kind_settings"
ALTER TABLE `new_mail_kind_settings` RENAME TO `mail_kind_settings`;
-- Create index "mailkindsetting_organization_id_kind" to table: "mail_kind_settings"
CREATE UNIQUE INDEX `mailkindsetting_organization_id_kind` ON `mail_kind_settings` (`organization_id`, `kind`);
-- Create "app_transfers" table
CREATE TABLE `app_transfers` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `app_name` text NOT NULL, `from_account_name` text NOT NULL, `to_account_name` text NOT NULL, `product_titles` json NOT NULL, `key_count` integer NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `reason` text NOT NULL DEFAULT (''), `answer` text NOT NULL DEFAULT (''), `offered_by` uuid NULL, `decided_by` uuid NULL, `decided_at` datetime NULL, `expires_at` datetime NOT NULL, `app_id` uuid NOT NULL, `from_account_id` uuid NOT NULL, `to_account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `app_transfers_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE NO ACTION, CONSTRAINT `app_transfers_accounts_from_account` FOREIGN KEY (`from_account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `app_transfers_accounts_to_account` FOREIGN KEY (`to_account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `app_transfers_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `app_transfers_accounts` CHECK (from_account_id <> to_account_id), CONSTRAINT `app_transfers_decided` CHECK ((status = 'PENDING') = (decided_at IS NULL) AND (status <> 'PENDING' OR (decided_by IS NULL AND answer = ''))), CONSTRAINT `app_transfers_expires` CHECK (expires_at > created_at), CONSTRAINT `app_transfers_keys` CHECK (key_count >= 0), CONSTRAINT `app_transfers_status` CHECK (status IN ('PENDING', 'ACCEPTED', 'DECLINED', 'CANCELLED', 'EXPIRED')));
-- Create index "app_transfer_one_open" to table: "app_transfers"
CREATE UNIQUE INDEX `app_transfer_one_open` ON `app_transfers` (`app_id`) WHERE status = 'PENDING';
-- Create index "apptransfer_app_id_from_account_id" to table: "app_transfers"
CREATE INDEX `apptransfer_app_id_from_account_id` ON `app_transfers` (`app_id`, `from_account_id`);
-- Create index "apptransfer_from_account_id_created_at_id" to table: "app_transfers"
CREATE INDEX `apptransfer_from_account_id_created_at_id` ON `app_transfers` (`from_account_id`, `created_at`, `id`);
-- Create index "apptransfer_to_account_id_created_at_id" to table: "app_transfers"
CREATE INDEX `apptransfer_to_account_id_created_at_id` ON `app_transfers` (`to_account_id`, `created_at`, `id`);
-- Create index "apptransfer_organization_id_created_at_id" to table: "app_transfers"
CREATE INDEX `apptransfer_organization_id_created_at_id` ON `app_transfers` (`organization_id`, `created_at`, `id`);
-- Create index "app_transfer_due" to table: "app_transfers"
CREATE INDEX `app_transfer_due` ON `app_transfers` (`expires_at`) WHERE status = 'PENDING';
-- Create index "apptransfer_expires_at" to table: "app_transfers"
CREATE INDEX `apptransfer_expires_at` ON `app_transfers` (`expires_at`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
