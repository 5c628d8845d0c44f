-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_organizations" table
CREATE TABLE `new_organizations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `slug` text NOT NULL, `name` text NOT NULL, `website` text NOT NULL DEFAULT (''), `support_email` text NOT NULL DEFAULT (''), `logo_url` text NOT NULL DEFAULT (''), `time_zone` text NOT NULL DEFAULT ('UTC'), `currency` text NOT NULL DEFAULT ('EUR'), `portal_unregister` text NOT NULL DEFAULT ('WITHDRAW_ONLY'), `production_keys` text NOT NULL DEFAULT ('MEMBERS'), `password_sign_in` bool NOT NULL DEFAULT (true), `act_as` bool NOT NULL DEFAULT (false), `staff_totp` bool NOT NULL DEFAULT (false), `key_prefix` text NOT NULL DEFAULT ('ptk'), `longest_key_life` json NOT NULL, `deleted_retention_days` integer NOT NULL DEFAULT (30), `event_retention_days` integer NOT NULL DEFAULT (730), `usage_retention` json NULL, PRIMARY KEY (`id`), CONSTRAINT `organizations_portal_unregister` CHECK (portal_unregister IN ('WITHDRAW_ONLY', 'ALLOWED')), CONSTRAINT `organizations_production_keys` CHECK (production_keys IN ('MEMBERS', 'OWNERS_ONLY')));
-- Copy rows from old table "organizations" to new temporary table "new_organizations"
INSERT INTO `new_organizations` (`id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `staff_totp`, `key_prefix`, `longest_key_life`, `deleted_retention_days`, `event_retention_days`, `usage_retention`) SELECT `id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `staff_totp`, `key_prefix`, `longest_key_life`, `deleted_retention_days`, `event_retention_days`, `usage_retention` FROM `organizations`;
-- Drop "organizations" table after copying rows
DROP TABLE `organizations`;
-- Rename temporary table "new_organizations" to "organizations"
ALTER TABLE `new_organizations` RENAME TO `organizations`;
-- Create index "organizations_slug_key" to table: "organizations"
CREATE UNIQUE INDEX `organizations_slug_key` ON `organizations` (`slug`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
