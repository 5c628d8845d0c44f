-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_organizations" table
CREATE TABLE `new_organizations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `slug` text NOT NULL, `name` text NOT NULL, `website` text NOT NULL DEFAULT (''), `support_email` text NOT NULL DEFAULT (''), `logo_url` text NOT NULL DEFAULT (''), `time_zone` text NOT NULL DEFAULT ('UTC'), `currency` text NOT NULL DEFAULT ('EUR'), `portal_unregister` text NOT NULL DEFAULT ('WITHDRAW_ONLY'), `production_keys` text NOT NULL DEFAULT ('MEMBERS'), `password_sign_in` bool NOT NULL DEFAULT (true), `act_as` bool NOT NULL DEFAULT (false), `staff_totp` bool NOT NULL DEFAULT (false), `sign_up` text NOT NULL DEFAULT ('INVITATION'), `sign_up_form` json NULL, `key_prefix` text NOT NULL DEFAULT ('ptk'), `longest_key_life` json NOT NULL, `deleted_retention_days` integer NOT NULL DEFAULT (30), `event_retention_days` integer NOT NULL DEFAULT (730), `usage_retention` json NULL, PRIMARY KEY (`id`), CONSTRAINT `organizations_portal_unregister` CHECK (portal_unregister IN ('WITHDRAW_ONLY', 'ALLOWED')), CONSTRAINT `organizations_production_keys` CHECK (production_keys IN ('MEMBERS', 'OWNERS_ONLY')), CONSTRAINT `organizations_sign_up` CHECK (sign_up IN ('INVITATION', 'OPEN', 'APPROVAL')));
-- Copy rows from old table "organizations" to new temporary table "new_organizations"
INSERT INTO `new_organizations` (`id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `act_as`, `staff_totp`, `key_prefix`, `longest_key_life`, `deleted_retention_days`, `event_retention_days`, `usage_retention`) SELECT `id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `act_as`, `staff_totp`, `key_prefix`, `longest_key_life`, `deleted_retention_days`, `event_retention_days`, `usage_retention` FROM `organizations`;
-- Drop "organizations" table after copying rows
DROP TABLE `organizations`;
-- Rename temporary table "new_organizations" to "organizations"
ALTER TABLE `new_organizations` RENAME TO `organizations`;
-- Create index "organizations_slug_key" to table: "organizations"
CREATE UNIQUE INDEX `organizations_slug_key` ON `organizations` (`slug`);
-- Create "sign_ups" table
CREATE TABLE `sign_ups` (`id` uuid NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `name` text NOT NULL, `account_name` text NOT NULL, `language` text NULL, `answers` json NOT NULL, `state` text NOT NULL DEFAULT ('UNVERIFIED'), `password_hash` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `verified_at` datetime NULL, `decided_at` datetime NULL, `decided_by` uuid NULL, `reason` text NOT NULL DEFAULT (''), `ended_at` datetime NULL, `person_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `sign_ups_users_person` FOREIGN KEY (`person_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `sign_ups_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `sign_ups_ended` CHECK ((state IN ('WAITING', 'ACCEPTED')) = (ended_at IS NULL)), CONSTRAINT `sign_ups_expires` CHECK (expires_at > created_at), CONSTRAINT `sign_ups_language` CHECK (language IN ('EN', 'TR')), CONSTRAINT `sign_ups_password` CHECK ((state = 'WAITING') = (password_hash <> '')), CONSTRAINT `sign_ups_state` CHECK (state IN ('UNVERIFIED', 'WAITING', 'ACCEPTED', 'REJECTED', 'REPLACED')), CONSTRAINT `sign_ups_user` CHECK ((state = 'ACCEPTED') = (person_id IS NOT NULL)), CONSTRAINT `sign_ups_verified` CHECK (state NOT IN ('WAITING', 'ACCEPTED', 'REJECTED') OR verified_at IS NOT NULL));
-- Create index "sign_up_one_waiting" to table: "sign_ups"
CREATE UNIQUE INDEX `sign_up_one_waiting` ON `sign_ups` (`organization_id`, `email_folded`) WHERE state = 'WAITING';
-- Create index "sign_up_address" to table: "sign_ups"
CREATE INDEX `sign_up_address` ON `sign_ups` (`organization_id`, `email_folded`, `state`);
-- Create index "signup_organization_id_created_at_id" to table: "sign_ups"
CREATE INDEX `signup_organization_id_created_at_id` ON `sign_ups` (`organization_id`, `created_at`, `id`);
-- Create index "signup_organization_id_state_expires_at" to table: "sign_ups"
CREATE INDEX `signup_organization_id_state_expires_at` ON `sign_ups` (`organization_id`, `state`, `expires_at`);
-- Create index "signup_person_id" to table: "sign_ups"
CREATE UNIQUE INDEX `signup_person_id` ON `sign_ups` (`person_id`);
-- Create index "signup_ended_at" to table: "sign_ups"
CREATE INDEX `signup_ended_at` ON `sign_ups` (`ended_at`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
