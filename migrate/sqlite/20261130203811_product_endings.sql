-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Add columns to table: "products". A table made anew would lose its triggers
ALTER TABLE `products` ADD COLUMN `deprecates_at` datetime NULL;
ALTER TABLE `products` ADD COLUMN `retires_at` datetime NULL CONSTRAINT `products_ending` CHECK (deprecates_at IS NULL OR retires_at IS NULL OR deprecates_at <= retires_at);
ALTER TABLE `products` ADD COLUMN `ending_notice` integer NULL CONSTRAINT `products_notice` CHECK (ending_notice IS NULL OR (ending_notice > 0 AND retires_at IS NOT NULL));
-- What has ended already: a retired product does not change any more, and a deprecated one was so at its last change
UPDATE `products` SET `retires_at` = `updated_at` WHERE `status` = 'RETIRED';
UPDATE `products` SET `deprecates_at` = `updated_at` WHERE `status` = 'DEPRECATED';
-- Create index "product_deprecation_due" to table: "products"
CREATE INDEX `product_deprecation_due` ON `products` (`deprecates_at`) WHERE deprecates_at IS NOT NULL AND status = 'PUBLISHED';
-- Create index "product_retirement_due" to table: "products"
CREATE INDEX `product_retirement_due` ON `products` (`retires_at`) WHERE retires_at IS NOT NULL AND status <> 'RETIRED';
-- Create "new_mail_deliveries" table
CREATE TABLE `new_mail_deliveries` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `cause` text NOT NULL, `event_id` uuid NULL, `recipient_id` uuid NOT NULL, `sequence` integer NOT NULL, `state` text NOT NULL DEFAULT ('PENDING'), `message_id` text NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `claimed_until` datetime NULL, `problem` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `settled_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `mail_deliveries_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED', 'PRODUCT_ENDING')), CONSTRAINT `mail_deliveries_settled` CHECK ((state = 'PENDING') = (settled_at IS NULL)), CONSTRAINT `mail_deliveries_state` CHECK (state IN ('PENDING', 'SENT', 'FAILED', 'SKIPPED')));
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
CREATE TABLE `new_mail_kind_settings` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `kind` text NOT NULL, `enabled` bool NOT NULL DEFAULT (true), `subject` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `mail_kind_settings_kind` CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED', 'PRODUCT_ENDING')), CONSTRAINT `mail_kind_settings_subject` CHECK (length(subject) <= 150));
-- Copy rows from old table "mail_kind_settings" to new temporary table "new_mail_kind_settings"
INSERT INTO `new_mail_kind_settings` (`id`, `organization_id`, `kind`, `enabled`, `subject`) SELECT `id`, `organization_id`, `kind`, `enabled`, `subject` FROM `mail_kind_settings`;
-- Drop "mail_kind_settings" table after copying rows
DROP TABLE `mail_kind_settings`;
-- Rename temporary table "new_mail_kind_settings" to "mail_kind_settings"
ALTER TABLE `new_mail_kind_settings` RENAME TO `mail_kind_settings`;
-- Create index "mailkindsetting_organization_id_kind" to table: "mail_kind_settings"
CREATE UNIQUE INDEX `mailkindsetting_organization_id_kind` ON `mail_kind_settings` (`organization_id`, `kind`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
