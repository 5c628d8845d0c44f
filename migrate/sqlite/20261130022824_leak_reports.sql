-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create index "subscription_organization_id_product_id" to table: "subscriptions"
CREATE INDEX `subscription_organization_id_product_id` ON `subscriptions` (`organization_id`, `product_id`);
-- Create "new_organizations" table
CREATE TABLE `new_organizations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `slug` text NOT NULL, `name` text NOT NULL, `website` text NOT NULL DEFAULT (''), `support_email` text NOT NULL DEFAULT (''), `logo_url` text NOT NULL DEFAULT (''), `time_zone` text NOT NULL DEFAULT ('UTC'), `currency` text NOT NULL DEFAULT ('EUR'), `portal_unregister` text NOT NULL DEFAULT ('WITHDRAW_ONLY'), `production_keys` text NOT NULL DEFAULT ('MEMBERS'), `leaked_keys` text NOT NULL DEFAULT ('REVOKE'), `password_sign_in` bool NOT NULL DEFAULT (true), `act_as` bool NOT NULL DEFAULT (false), `staff_totp` bool NOT NULL DEFAULT (false), `sign_up` text NOT NULL DEFAULT ('INVITATION'), `sign_up_form` json NULL, `terms_version` text NULL, `terms_url` text NULL, `imported_keys` bool NOT NULL DEFAULT (false), `key_prefix` text NOT NULL DEFAULT ('ptk'), `longest_key_life` json NOT NULL, `rotate_keys_every` json NULL, `deleted_retention_days` integer NOT NULL DEFAULT (30), `event_retention_days` integer NOT NULL DEFAULT (730), `usage_retention` json NULL, PRIMARY KEY (`id`), CONSTRAINT `organizations_leaked_keys` CHECK (leaked_keys IN ('REVOKE', 'NOTIFY')), CONSTRAINT `organizations_portal_unregister` CHECK (portal_unregister IN ('WITHDRAW_ONLY', 'ALLOWED')), CONSTRAINT `organizations_production_keys` CHECK (production_keys IN ('MEMBERS', 'OWNERS_ONLY')), CONSTRAINT `organizations_sign_up` CHECK (sign_up IN ('INVITATION', 'OPEN', 'APPROVAL')), CONSTRAINT `organizations_terms` CHECK ((terms_version IS NULL) = (terms_url IS NULL)));
-- Copy rows from old table "organizations" to new temporary table "new_organizations"
INSERT INTO `new_organizations` (`id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `act_as`, `staff_totp`, `sign_up`, `sign_up_form`, `terms_version`, `terms_url`, `imported_keys`, `key_prefix`, `longest_key_life`, `rotate_keys_every`, `deleted_retention_days`, `event_retention_days`, `usage_retention`) SELECT `id`, `created_at`, `updated_at`, `version`, `slug`, `name`, `website`, `support_email`, `logo_url`, `time_zone`, `currency`, `portal_unregister`, `production_keys`, `password_sign_in`, `act_as`, `staff_totp`, `sign_up`, `sign_up_form`, `terms_version`, `terms_url`, `imported_keys`, `key_prefix`, `longest_key_life`, `rotate_keys_every`, `deleted_retention_days`, `event_retention_days`, `usage_retention` FROM `organizations`;
-- Drop "organizations" table after copying rows
DROP TABLE `organizations`;
-- Rename temporary table "new_organizations" to "organizations"
ALTER TABLE `new_organizations` RENAME TO `organizations`;
-- Create index "organizations_slug_key" to table: "organizations"
CREATE UNIQUE INDEX `organizations_slug_key` ON `organizations` (`slug`);
-- Create "leak_reports" table
CREATE TABLE `leak_reports` (`id` uuid NOT NULL, `credential_id` uuid NULL, `reporter` text NOT NULL, `url` text NOT NULL, `source` text NOT NULL, `note` text NOT NULL, `client` text NOT NULL, `request_id` text NOT NULL, `reported_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "leakreport_reported_at" to table: "leak_reports"
CREATE INDEX `leakreport_reported_at` ON `leak_reports` (`reported_at`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
