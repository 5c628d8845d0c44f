-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_sessions" table
CREATE TABLE `new_sessions` (`id` uuid NOT NULL, `device` text NOT NULL, `address` text NOT NULL, `created_at` datetime NOT NULL, `last_seen_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `ended_at` datetime NULL, `user_id` uuid NOT NULL, `account_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `sessions_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `sessions_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE SET NULL, CONSTRAINT `sessions_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `sessions_ended` CHECK (ended_at IS NULL OR ended_at >= expires_at));
-- Copy rows from old table "sessions" to new temporary table "new_sessions"
INSERT INTO `new_sessions` (`id`, `device`, `address`, `created_at`, `last_seen_at`, `expires_at`, `ended_at`, `user_id`, `organization_id`) SELECT `id`, `device`, `address`, `created_at`, `last_seen_at`, `expires_at`, `ended_at`, `user_id`, `organization_id` FROM `sessions`;
-- Drop "sessions" table after copying rows
DROP TABLE `sessions`;
-- Rename temporary table "new_sessions" to "sessions"
ALTER TABLE `new_sessions` RENAME TO `sessions`;
-- Create index "session_user_id_created_at_id" to table: "sessions"
CREATE INDEX `session_user_id_created_at_id` ON `sessions` (`user_id`, `created_at`, `id`);
-- Create index "session_organization_id" to table: "sessions"
CREATE INDEX `session_organization_id` ON `sessions` (`organization_id`);
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
