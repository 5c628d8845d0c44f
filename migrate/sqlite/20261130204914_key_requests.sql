-- Add columns to table: "organizations". A table made anew would lose its triggers
ALTER TABLE `organizations` ADD COLUMN `multi_product_requests` bool NOT NULL DEFAULT (true);
ALTER TABLE `organizations` ADD COLUMN `collect_keys_within_days` integer NOT NULL DEFAULT (7) CONSTRAINT `organizations_collect_keys` CHECK (collect_keys_within_days >= 1 AND collect_keys_within_days <= 90);
-- Create "key_requests" table
CREATE TABLE `key_requests` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `name` text NOT NULL DEFAULT (''), `environment` text NOT NULL DEFAULT ('DEVELOPMENT'), `changes_key` bool NOT NULL DEFAULT (false), `product_ids` json NOT NULL, `remove_product_ids` json NULL, `requested_by` uuid NULL, `decided_by` uuid NULL, `decided_at` datetime NULL, `reason` text NOT NULL DEFAULT (''), `collect_until` datetime NULL, `collected_at` datetime NULL, `hidden_at` datetime NULL, `app_id` uuid NOT NULL, `account_id` uuid NOT NULL, `credential_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `key_requests_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE NO ACTION, CONSTRAINT `key_requests_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `key_requests_credentials_credential` FOREIGN KEY (`credential_id`) REFERENCES `credentials` (`id`) ON DELETE SET NULL, CONSTRAINT `key_requests_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `key_requests_collect` CHECK ((collect_until IS NULL OR (NOT changes_key AND status IN ('APPROVED', 'EXPIRED'))) AND (collected_at IS NULL OR collect_until IS NOT NULL) AND (status <> 'APPROVED' OR changes_key OR collect_until IS NOT NULL)), CONSTRAINT `key_requests_decided` CHECK ((status = 'PENDING') = (decided_at IS NULL) AND (status <> 'PENDING' OR decided_by IS NULL)), CONSTRAINT `key_requests_environment` CHECK (environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')), CONSTRAINT `key_requests_hidden` CHECK (hidden_at IS NULL OR status <> 'PENDING'), CONSTRAINT `key_requests_products` CHECK (length(CAST(product_ids AS text)) <= 2000 AND (remove_product_ids IS NULL OR length(CAST(remove_product_ids AS text)) <= 5000)), CONSTRAINT `key_requests_status` CHECK (status IN ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'EXPIRED')));
-- Create index "keyrequest_organization_id_status_created_at_id" to table: "key_requests"
CREATE INDEX `keyrequest_organization_id_status_created_at_id` ON `key_requests` (`organization_id`, `status`, `created_at`, `id`);
-- Create index "keyrequest_organization_id_created_at_id" to table: "key_requests"
CREATE INDEX `keyrequest_organization_id_created_at_id` ON `key_requests` (`organization_id`, `created_at`, `id`);
-- Create index "keyrequest_account_id_created_at_id" to table: "key_requests"
CREATE INDEX `keyrequest_account_id_created_at_id` ON `key_requests` (`account_id`, `created_at`, `id`);
-- Create index "keyrequest_app_id_created_at_id" to table: "key_requests"
CREATE INDEX `keyrequest_app_id_created_at_id` ON `key_requests` (`app_id`, `created_at`, `id`);
-- Create index "keyrequest_credential_id" to table: "key_requests"
CREATE INDEX `keyrequest_credential_id` ON `key_requests` (`credential_id`) WHERE credential_id IS NOT NULL;
-- Create index "key_request_uncollected" to table: "key_requests"
CREATE INDEX `key_request_uncollected` ON `key_requests` (`organization_id`, `collect_until`) WHERE status = 'APPROVED' AND collect_until IS NOT NULL AND collected_at IS NULL;
-- Add column "key_request_id" to table: "subscriptions"
ALTER TABLE `subscriptions` ADD COLUMN `key_request_id` uuid NULL CONSTRAINT `subscriptions_key_requests_key_request` REFERENCES `key_requests` (`id`) ON DELETE SET NULL;
-- Create index "subscription_key_request_id" to table: "subscriptions"
CREATE INDEX `subscription_key_request_id` ON `subscriptions` (`key_request_id`) WHERE key_request_id IS NOT NULL;
