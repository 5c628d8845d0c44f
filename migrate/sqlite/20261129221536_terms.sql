-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_organizations" table
CREATE TABLE `new_organizations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `slug` text NOT NULL, `name` text NOT NULL, `website` text NOT NULL DEFAULT (''), `support_email` text NOT NULL DEFAULT (''), `logo_url` text NOT NULL DEFAULT (''), `time_zone` text NOT NULL DEFAULT ('UTC'), `currency` text NOT NULL DEFAULT ('EUR'), `portal_unregister` text NOT NULL DEFAULT ('WITHDRAW_ONLY'), `production_keys` text NOT NULL DEFAULT ('MEMBERS'), `password_sign_in` bool NOT NULL DEFAULT (true), `act_as` bool NOT NULL DEFAULT (false), `staff_totp` bool NOT NULL DEFAULT (false), `sign_up` text NOT NULL DEFAULT ('INVITATION'), `sign_up_form` json NULL, `terms_version` text NULL, `terms_url` text NULL, `key_prefix` text NOT NULL DEFAULT ('ptk'), `longest_key_life` json NOT NULL, `deleted_retention_days` integer NOT NULL DEFAULT (30), `event_retention_days` integer NOT NULL DEFAULT (730), `usage_retention` json NULL, PRIMARY KEY (`id`), CONSTRAINT `organizations_portal_unregister` CHECK (portal_unregister IN ('WITHDRAW_ONLY', 'ALLOWED')), CONSTRAINT `organizations_production_keys` CHECK (production_keys IN ('MEMBERS', 'OWNERS_ONLY')), CONSTRAINT `organizations_sign_up` CHECK (sign_up IN ('INVITATION', 'OPEN', 'APPROVAL')), CONSTRAINT `organizations_terms` CHECK ((terms_version IS NULL) = (terms_url IS NULL)));
-- Copy rows from old table "organizations" to new temporary table "new_organizations"
INSERT INTO `new_organizations` (`id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `act_as`, `staff_totp`, `sign_up`, `sign_up_form`, `key_prefix`, `longest_key_life`, `deleted_retention_days`, `event_retention_days`, `usage_retention`) SELECT `id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `act_as`, `staff_totp`, `sign_up`, `sign_up_form`, `key_prefix`, `longest_key_life`, `deleted_retention_days`, `event_retention_days`, `usage_retention` FROM `organizations`;
-- Drop "organizations" table after copying rows
DROP TABLE `organizations`;
-- Rename temporary table "new_organizations" to "organizations"
ALTER TABLE `new_organizations` RENAME TO `organizations`;
-- Create index "organizations_slug_key" to table: "organizations"
CREATE UNIQUE INDEX `organizations_slug_key` ON `organizations` (`slug`);
-- Add column "terms_version" to table: "sign_ups"
ALTER TABLE `sign_ups` ADD COLUMN `terms_version` text NULL;
-- Create "new_users" table
CREATE TABLE `new_users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `name_folded` text NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `role` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `password_hash` text NOT NULL, `token_version` integer NOT NULL DEFAULT (1), `made_in_development` bool NOT NULL DEFAULT (false), `language` text NULL, `time_zone` text NULL, `theme` text NULL, `key_names_in_mail` bool NOT NULL DEFAULT (true), `totp_enabled_at` datetime NULL, `last_sign_in_at` datetime NULL, `sign_in_unlocked_at` datetime NULL, `codes_unlocked_at` datetime NULL, `password_changed_at` datetime NULL, `terms_version` text NULL, `terms_accepted_at` datetime NULL, `deleted_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `users_language` CHECK (language IN ('EN', 'TR')), CONSTRAINT `users_role` CHECK (role IN ('ADMIN', 'APPROVER', 'PORTAL')), CONSTRAINT `users_status` CHECK (status IN ('ACTIVE', 'DISABLED')), CONSTRAINT `users_terms` CHECK ((terms_version IS NULL) = (terms_accepted_at IS NULL)), CONSTRAINT `users_theme` CHECK (theme IN ('LIGHT', 'DARK')));
-- Copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `created_at`, `updated_at`, `version`, `name`, `name_folded`, `email`, `email_folded`, `role`, `status`, `password_hash`, `token_version`, `made_in_development`, `language`, `time_zone`, `theme`, `key_names_in_mail`, `totp_enabled_at`, `last_sign_in_at`, `sign_in_unlocked_at`, `codes_unlocked_at`, `password_changed_at`, `deleted_at`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `name_folded`, `email`, `email_folded`, `role`, `status`, `password_hash`, `token_version`, `made_in_development`, `language`, `time_zone`, `theme`, `key_names_in_mail`, `totp_enabled_at`, `last_sign_in_at`, `sign_in_unlocked_at`, `codes_unlocked_at`, `password_changed_at`, `deleted_at`, `organization_id` FROM `users`;
-- Drop "users" table after copying rows
DROP TABLE `users`;
-- Rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- Create index "user_organization_id_email_folded" to table: "users"
CREATE UNIQUE INDEX `user_organization_id_email_folded` ON `users` (`organization_id`, `email_folded`) WHERE deleted_at IS NULL;
-- Create index "user_organization_id_created_at_id" to table: "users"
CREATE INDEX `user_organization_id_created_at_id` ON `users` (`organization_id`, `created_at`, `id`);
-- Create index "user_email_folded" to table: "users"
CREATE INDEX `user_email_folded` ON `users` (`email_folded`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
