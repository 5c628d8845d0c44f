-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_subscriptions" table
CREATE TABLE `new_subscriptions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `endpoint_ids` json NULL, `status` text NOT NULL, `newest` bool NOT NULL DEFAULT (true), `requested_by` uuid NULL, `decided_by` uuid NULL, `decided_at` datetime NULL, `reason` text NOT NULL DEFAULT (''), `pending_status` text NULL, `pending_when` text NULL, `pending_effective_at` datetime NULL, `pending_requested_at` datetime NULL, `pending_requested_by` uuid NULL, `pending_reason` text NOT NULL DEFAULT (''), `deleted_at` datetime NULL, `app_id` uuid NOT NULL, `account_id` uuid NOT NULL, `product_id` uuid NOT NULL, `plan_id` uuid NOT NULL, `pending_plan_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `subscriptions_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_plans_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_plans_pending_plan` FOREIGN KEY (`pending_plan_id`) REFERENCES `plans` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_pending` CHECK ((pending_plan_id IS NULL) = (pending_status IS NULL) AND (pending_plan_id IS NULL) = (pending_when IS NULL) AND (pending_plan_id IS NULL) = (pending_requested_at IS NULL) AND (pending_effective_at IS NOT NULL) = (pending_status IS NOT NULL AND pending_status = 'SCHEDULED') AND (pending_plan_id IS NOT NULL OR pending_requested_by IS NULL)), CONSTRAINT `subscriptions_pending_status` CHECK (pending_status IS NULL OR pending_status IN ('WAITING', 'SCHEDULED')), CONSTRAINT `subscriptions_pending_when` CHECK (pending_when IS NULL OR pending_when IN ('NOW', 'PERIOD_END')), CONSTRAINT `subscriptions_status` CHECK (status IN ('WAITING', 'APPROVED', 'REJECTED', 'SUSPENDED', 'UNSUBSCRIBED')));
-- Copy rows from old table "subscriptions" to new temporary table "new_subscriptions"
INSERT INTO `new_subscriptions` (`id`, `created_at`, `updated_at`, `version`, `endpoint_ids`, `status`, `newest`, `requested_by`, `decided_by`, `decided_at`, `reason`, `deleted_at`, `app_id`, `account_id`, `product_id`, `plan_id`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `endpoint_ids`, `status`, `newest`, `requested_by`, `decided_by`, `decided_at`, `reason`, `deleted_at`, `app_id`, `account_id`, `product_id`, `plan_id`, `organization_id` FROM `subscriptions`;
-- Drop "subscriptions" table after copying rows
DROP TABLE `subscriptions`;
-- Rename temporary table "new_subscriptions" to "subscriptions"
ALTER TABLE `new_subscriptions` RENAME TO `subscriptions`;
-- Create index "subscription_one_live" to table: "subscriptions"
CREATE UNIQUE INDEX `subscription_one_live` ON `subscriptions` (`app_id`, `product_id`) WHERE status IN ('WAITING', 'APPROVED', 'SUSPENDED');
-- Create index "subscription_one_newest" to table: "subscriptions"
CREATE UNIQUE INDEX `subscription_one_newest` ON `subscriptions` (`app_id`, `product_id`) WHERE newest;
-- Create index "subscription_app_id_created_at_id" to table: "subscriptions"
CREATE INDEX `subscription_app_id_created_at_id` ON `subscriptions` (`app_id`, `created_at`, `id`);
-- Create index "subscription_organization_id_status_created_at_id" to table: "subscriptions"
CREATE INDEX `subscription_organization_id_status_created_at_id` ON `subscriptions` (`organization_id`, `status`, `created_at`, `id`);
-- Create index "subscription_account_id_created_at_id" to table: "subscriptions"
CREATE INDEX `subscription_account_id_created_at_id` ON `subscriptions` (`account_id`, `created_at`, `id`);
-- Create index "subscription_account_id_product_id" to table: "subscriptions"
CREATE INDEX `subscription_account_id_product_id` ON `subscriptions` (`account_id`, `product_id`);
-- Create index "subscription_plan_changes" to table: "subscriptions"
CREATE INDEX `subscription_plan_changes` ON `subscriptions` (`organization_id`, `pending_status`, `created_at`, `id`) WHERE pending_status IS NOT NULL;
-- Create index "subscription_plan_changes_due" to table: "subscriptions"
CREATE INDEX `subscription_plan_changes_due` ON `subscriptions` (`pending_effective_at`) WHERE pending_effective_at IS NOT NULL;
-- Create index "subscription_organization_id_product_id" to table: "subscriptions"
CREATE INDEX `subscription_organization_id_product_id` ON `subscriptions` (`organization_id`, `product_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
