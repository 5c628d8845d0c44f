-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_users" table
CREATE TABLE `new_users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `name_folded` text NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `role` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `password_hash` text NOT NULL, `token_version` integer NOT NULL DEFAULT (1), `made_in_development` bool NOT NULL DEFAULT (false), `key_names_in_mail` bool NOT NULL DEFAULT (true), `last_sign_in_at` datetime NULL, `sign_in_unlocked_at` datetime NULL, `password_changed_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `users_role` CHECK (role IN ('ADMIN', 'PORTAL')), CONSTRAINT `users_status` CHECK (status IN ('ACTIVE', 'DISABLED')));
-- Copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `created_at`, `updated_at`, `version`, `name`, `name_folded`, `email`, `email_folded`, `role`, `status`, `password_hash`, `token_version`, `made_in_development`, `last_sign_in_at`, `sign_in_unlocked_at`, `password_changed_at`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `name_folded`, `email`, `email_folded`, `role`, `status`, `password_hash`, `token_version`, `made_in_development`, `last_sign_in_at`, `sign_in_unlocked_at`, `password_changed_at`, `organization_id` FROM `users`;
-- Drop "users" table after copying rows
DROP TABLE `users`;
-- Rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- Create index "user_organization_id_email_folded" to table: "users"
CREATE UNIQUE INDEX `user_organization_id_email_folded` ON `users` (`organization_id`, `email_folded`);
-- Create index "user_organization_id_created_at_id" to table: "users"
CREATE INDEX `user_organization_id_created_at_id` ON `users` (`organization_id`, `created_at`, `id`);
-- Create index "user_email_folded" to table: "users"
CREATE INDEX `user_email_folded` ON `users` (`email_folded`);
-- Add column "expiry_notice" to table: "credentials"
ALTER TABLE `credentials` ADD COLUMN `expiry_notice` integer NULL;
-- Create "mail_cursors" table
CREATE TABLE `mail_cursors` (`id` uuid NOT NULL, `position` integer NOT NULL DEFAULT (0), `sequence` integer NOT NULL DEFAULT (0), `daily_on` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- Create "mail_deliveries" table
CREATE TABLE `mail_deliveries` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `cause` text NOT NULL, `event_id` uuid NULL, `recipient_id` uuid NOT NULL, `sequence` integer NOT NULL, `state` text NOT NULL DEFAULT ('PENDING'), `message_id` text NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `claimed_until` datetime NULL, `problem` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `settled_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `mail_deliveries_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED')), CONSTRAINT `mail_deliveries_settled` CHECK ((state = 'PENDING') = (settled_at IS NULL)), CONSTRAINT `mail_deliveries_state` CHECK (state IN ('PENDING', 'SENT', 'FAILED', 'SKIPPED')));
-- Create index "maildelivery_organization_id_kind_cause_recipient_id" to table: "mail_deliveries"
CREATE UNIQUE INDEX `maildelivery_organization_id_kind_cause_recipient_id` ON `mail_deliveries` (`organization_id`, `kind`, `cause`, `recipient_id`);
-- Create index "maildelivery_recipient_id_sequence" to table: "mail_deliveries"
CREATE INDEX `maildelivery_recipient_id_sequence` ON `mail_deliveries` (`recipient_id`, `sequence`) WHERE state = 'PENDING';
-- Create index "maildelivery_next_attempt_at" to table: "mail_deliveries"
CREATE INDEX `maildelivery_next_attempt_at` ON `mail_deliveries` (`next_attempt_at`) WHERE state = 'PENDING';
-- Create index "maildelivery_created_at" to table: "mail_deliveries"
CREATE INDEX `maildelivery_created_at` ON `mail_deliveries` (`created_at`);
-- Create "mail_kind_settings" table
CREATE TABLE `mail_kind_settings` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `enabled` bool NOT NULL DEFAULT (true), `subject` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `mail_kind_settings_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED')), CONSTRAINT `mail_kind_settings_subject` CHECK (length(subject) <= 150));
-- Create index "mailkindsetting_organization_id_kind" to table: "mail_kind_settings"
CREATE UNIQUE INDEX `mailkindsetting_organization_id_kind` ON `mail_kind_settings` (`organization_id`, `kind`);
-- Create "mail_settings" table
CREATE TABLE `mail_settings` (`id` uuid NOT NULL, `sender_name` text NOT NULL DEFAULT (''), `reply_to` text NOT NULL DEFAULT (''), `sign_off` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT ('EN'), `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`), CONSTRAINT `mail_settings_language` CHECK (language IN ('EN', 'TR')), CONSTRAINT `mail_settings_reply_to` CHECK (length(reply_to) <= 320), CONSTRAINT `mail_settings_sender_name` CHECK (length(sender_name) <= 100), CONSTRAINT `mail_settings_sign_off` CHECK (length(sign_off) <= 500));
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
