-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_users" table
CREATE TABLE `new_users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `name_folded` text NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `role` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `password_hash` text NOT NULL, `token_version` integer NOT NULL DEFAULT (1), `made_in_development` bool NOT NULL DEFAULT (false), `language` text NULL, `time_zone` text NULL, `theme` text NULL, `key_names_in_mail` bool NOT NULL DEFAULT (true), `totp_enabled_at` datetime NULL, `last_sign_in_at` datetime NULL, `sign_in_unlocked_at` datetime NULL, `codes_unlocked_at` datetime NULL, `password_changed_at` datetime NULL, `deleted_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `users_language` CHECK (language IN ('EN', 'TR')), CONSTRAINT `users_role` CHECK (role IN ('ADMIN', 'APPROVER', 'PORTAL')), CONSTRAINT `users_status` CHECK (status IN ('ACTIVE', 'DISABLED')), CONSTRAINT `users_theme` CHECK (theme IN ('LIGHT', 'DARK')));
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
-- Create "product_approvers" table
CREATE TABLE `product_approvers` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `product_id` uuid NOT NULL, `user_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `product_approvers_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `product_approvers_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `product_approvers_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION);
-- Create index "productapprover_user_id_product_id" to table: "product_approvers"
CREATE UNIQUE INDEX `productapprover_user_id_product_id` ON `product_approvers` (`user_id`, `product_id`);
-- Create index "productapprover_product_id" to table: "product_approvers"
CREATE INDEX `productapprover_product_id` ON `product_approvers` (`product_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
