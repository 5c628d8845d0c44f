-- Create "password_resets" table
CREATE TABLE `password_resets` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `user_id` uuid NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `password_resets_expire` CHECK (expires_at > created_at));
-- Create index "password_resets_user_id_key" to table: "password_resets"
CREATE UNIQUE INDEX `password_resets_user_id_key` ON `password_resets` (`user_id`);
-- Create index "passwordreset_expires_at" to table: "password_resets"
CREATE INDEX `passwordreset_expires_at` ON `password_resets` (`expires_at`);
-- Create "password_reset_requests" table
CREATE TABLE `password_reset_requests` (`id` uuid NOT NULL, `email_folded` text NOT NULL, `organization` text NOT NULL, `client` text NOT NULL, `request_id` text NOT NULL, `requested_at` datetime NOT NULL, `claimed_until` datetime NULL, PRIMARY KEY (`id`));
-- Create index "passwordresetrequest_requested_at" to table: "password_reset_requests"
CREATE INDEX `passwordresetrequest_requested_at` ON `password_reset_requests` (`requested_at`);
