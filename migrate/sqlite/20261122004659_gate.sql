-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Add column "allowed_addresses" to table: "credentials"
ALTER TABLE `credentials` ADD COLUMN `allowed_addresses` json NULL;
-- Add column "rate_limit" to table: "credentials"
ALTER TABLE `credentials` ADD COLUMN `rate_limit` json NULL;
-- Add column "usage_retention" to table: "organizations"
ALTER TABLE `organizations` ADD COLUMN `usage_retention` json NULL;
-- Create "new_products" table
CREATE TABLE `new_products` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `title` text NOT NULL, `title_folded` text NOT NULL, `description` text NOT NULL DEFAULT (''), `api_version` text NOT NULL DEFAULT (''), `external_id` text NOT NULL DEFAULT (''), `visibility` text NOT NULL DEFAULT ('PUBLIC'), `status` text NOT NULL DEFAULT ('DRAFT'), `approval` text NOT NULL DEFAULT ('MANUAL'), `auth_types` json NOT NULL, `documentation_url` text NOT NULL DEFAULT (''), `keyless` bool NOT NULL DEFAULT (false), `enforce_endpoints` bool NOT NULL DEFAULT (false), `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `products_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `products_approval` CHECK (approval IN ('MANUAL', 'AUTO')), CONSTRAINT `products_status` CHECK (status IN ('DRAFT', 'PUBLISHED', 'DEPRECATED', 'RETIRED')), CONSTRAINT `products_visibility` CHECK (visibility IN ('PUBLIC', 'PRIVATE')));
-- Copy rows from old table "products" to new temporary table "new_products"
INSERT INTO `new_products` (`id`, `created_at`, `updated_at`, `version`, `name`, `title`, `title_folded`, `description`, `api_version`, `external_id`, `visibility`, `status`, `approval`, `auth_types`, `documentation_url`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `title`, `title_folded`, `description`, `api_version`, `external_id`, `visibility`, `status`, `approval`, `auth_types`, `documentation_url`, `organization_id` FROM `products`;
-- Drop "products" table after copying rows
DROP TABLE `products`;
-- Rename temporary table "new_products" to "products"
ALTER TABLE `new_products` RENAME TO `products`;
-- Create index "product_organization_id_name" to table: "products"
CREATE UNIQUE INDEX `product_organization_id_name` ON `products` (`organization_id`, `name`);
-- Create index "product_organization_id_title_folded_id" to table: "products"
CREATE INDEX `product_organization_id_title_folded_id` ON `products` (`organization_id`, `title_folded`, `id`);
-- Create index "product_organization_id_created_at_id" to table: "products"
CREATE INDEX `product_organization_id_created_at_id` ON `products` (`organization_id`, `created_at`, `id`);
-- Create "new_service_tokens" table
CREATE TABLE `new_service_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `scopes` json NOT NULL, `token_hash` blob NOT NULL, `hint` text NOT NULL, `product_ids` json NULL, `environment` text NULL, `revoked_at` datetime NULL, `last_used_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `service_tokens_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `service_tokens_environment` CHECK (environment IS NULL OR environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')));
-- Copy rows from old table "service_tokens" to new temporary table "new_service_tokens"
INSERT INTO `new_service_tokens` (`id`, `created_at`, `updated_at`, `version`, `name`, `scopes`, `token_hash`, `hint`, `revoked_at`, `last_used_at`, `organization_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `scopes`, `token_hash`, `hint`, `revoked_at`, `last_used_at`, `organization_id` FROM `service_tokens`;
-- Drop "service_tokens" table after copying rows
DROP TABLE `service_tokens`;
-- Rename temporary table "new_service_tokens" to "service_tokens"
ALTER TABLE `new_service_tokens` RENAME TO `service_tokens`;
-- Create index "service_tokens_token_hash_key" to table: "service_tokens"
CREATE UNIQUE INDEX `service_tokens_token_hash_key` ON `service_tokens` (`token_hash`);
-- Create index "servicetoken_organization_id_name" to table: "service_tokens"
CREATE UNIQUE INDEX `servicetoken_organization_id_name` ON `service_tokens` (`organization_id`, `name`);
-- Add column "endpoint_ids" to table: "subscriptions"
ALTER TABLE `subscriptions` ADD COLUMN `endpoint_ids` json NULL;
-- Create "endpoints" table
CREATE TABLE `endpoints` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `method` text NOT NULL, `path` text NOT NULL, `description` text NOT NULL DEFAULT (''), `product_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `endpoints_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `endpoints_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `endpoints_method` CHECK (method IN ('ANY', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')));
-- Create index "endpoint_product_id_method_path" to table: "endpoints"
CREATE UNIQUE INDEX `endpoint_product_id_method_path` ON `endpoints` (`product_id`, `method`, `path`);
-- Create index "endpoint_product_id_created_at_id" to table: "endpoints"
CREATE INDEX `endpoint_product_id_created_at_id` ON `endpoints` (`product_id`, `created_at`, `id`);
-- Create index "endpoint_organization_id" to table: "endpoints"
CREATE INDEX `endpoint_organization_id` ON `endpoints` (`organization_id`);
-- Create "gate_cursors" table
CREATE TABLE `gate_cursors` (`id` uuid NOT NULL, `node_id` uuid NOT NULL, `organization_id` uuid NOT NULL, `position` integer NOT NULL, `applied_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "gatecursor_node_id_organization_id" to table: "gate_cursors"
CREATE UNIQUE INDEX `gatecursor_node_id_organization_id` ON `gate_cursors` (`node_id`, `organization_id`);
-- Create index "gatecursor_organization_id" to table: "gate_cursors"
CREATE INDEX `gatecursor_organization_id` ON `gate_cursors` (`organization_id`);
-- Create "gate_nodes" table
CREATE TABLE `gate_nodes` (`id` uuid NOT NULL, `name` text NOT NULL, `started_at` datetime NOT NULL, `seen_at` datetime NOT NULL, `flushed_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "gatenode_seen_at" to table: "gate_nodes"
CREATE INDEX `gatenode_seen_at` ON `gate_nodes` (`seen_at`);
-- Create "quota_counts" table
CREATE TABLE `quota_counts` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `subscription_id` uuid NOT NULL, `period_start` datetime NOT NULL, `period_end` datetime NOT NULL, `used` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "quotacount_subscription_id_period_start" to table: "quota_counts"
CREATE UNIQUE INDEX `quotacount_subscription_id_period_start` ON `quota_counts` (`subscription_id`, `period_start`);
-- Create index "quotacount_organization_id" to table: "quota_counts"
CREATE INDEX `quotacount_organization_id` ON `quota_counts` (`organization_id`);
-- Create index "quotacount_period_end" to table: "quota_counts"
CREATE INDEX `quotacount_period_end` ON `quota_counts` (`period_end`);
-- Create "usage_batches" table
CREATE TABLE `usage_batches` (`id` text NOT NULL, `received_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "usagebatch_received_at" to table: "usage_batches"
CREATE INDEX `usagebatch_received_at` ON `usage_batches` (`received_at`);
-- Create "usage_days" table
CREATE TABLE `usage_days` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `at` datetime NOT NULL, `account_id` uuid NOT NULL, `app_id` uuid NOT NULL, `credential_id` uuid NOT NULL, `product_id` uuid NOT NULL, `endpoint_id` uuid NOT NULL, `code` text NOT NULL, `calls` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "usageday_organization_id_at" to table: "usage_days"
CREATE INDEX `usageday_organization_id_at` ON `usage_days` (`organization_id`, `at`);
-- Create index "usageday_app_id_at" to table: "usage_days"
CREATE INDEX `usageday_app_id_at` ON `usage_days` (`app_id`, `at`);
-- Create index "usageday_credential_id_at" to table: "usage_days"
CREATE INDEX `usageday_credential_id_at` ON `usage_days` (`credential_id`, `at`);
-- Create index "usageday_account_id_at" to table: "usage_days"
CREATE INDEX `usageday_account_id_at` ON `usage_days` (`account_id`, `at`);
-- Create index "usageday_product_id_at" to table: "usage_days"
CREATE INDEX `usageday_product_id_at` ON `usage_days` (`product_id`, `at`);
-- Create index "usageday_at" to table: "usage_days"
CREATE INDEX `usageday_at` ON `usage_days` (`at`);
-- Create "usage_hours" table
CREATE TABLE `usage_hours` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `at` datetime NOT NULL, `account_id` uuid NOT NULL, `app_id` uuid NOT NULL, `credential_id` uuid NOT NULL, `product_id` uuid NOT NULL, `endpoint_id` uuid NOT NULL, `code` text NOT NULL, `calls` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "usagehour_organization_id_at" to table: "usage_hours"
CREATE INDEX `usagehour_organization_id_at` ON `usage_hours` (`organization_id`, `at`);
-- Create index "usagehour_app_id_at" to table: "usage_hours"
CREATE INDEX `usagehour_app_id_at` ON `usage_hours` (`app_id`, `at`);
-- Create index "usagehour_credential_id_at" to table: "usage_hours"
CREATE INDEX `usagehour_credential_id_at` ON `usage_hours` (`credential_id`, `at`);
-- Create index "usagehour_account_id_at" to table: "usage_hours"
CREATE INDEX `usagehour_account_id_at` ON `usage_hours` (`account_id`, `at`);
-- Create index "usagehour_product_id_at" to table: "usage_hours"
CREATE INDEX `usagehour_product_id_at` ON `usage_hours` (`product_id`, `at`);
-- Create index "usagehour_at" to table: "usage_hours"
CREATE INDEX `usagehour_at` ON `usage_hours` (`at`);
-- Create "usage_journal" table
CREATE TABLE `usage_journal` (`id` uuid NOT NULL, `node_id` uuid NOT NULL, `part` integer NOT NULL, `taken_at` datetime NOT NULL, `body` blob NOT NULL, PRIMARY KEY (`id`));
-- Create index "usagejournal_part_taken_at" to table: "usage_journal"
CREATE INDEX `usagejournal_part_taken_at` ON `usage_journal` (`part`, `taken_at`);
-- Create index "usagejournal_node_id" to table: "usage_journal"
CREATE INDEX `usagejournal_node_id` ON `usage_journal` (`node_id`);
-- Create "usage_minutes" table
CREATE TABLE `usage_minutes` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `at` datetime NOT NULL, `account_id` uuid NOT NULL, `app_id` uuid NOT NULL, `credential_id` uuid NOT NULL, `product_id` uuid NOT NULL, `endpoint_id` uuid NOT NULL, `code` text NOT NULL, `calls` integer NOT NULL, `rolled` integer NOT NULL DEFAULT (0), `due` bool NOT NULL DEFAULT (true), PRIMARY KEY (`id`));
-- Create index "usageminute_organization_id_at" to table: "usage_minutes"
CREATE INDEX `usageminute_organization_id_at` ON `usage_minutes` (`organization_id`, `at`);
-- Create index "usageminute_app_id_at" to table: "usage_minutes"
CREATE INDEX `usageminute_app_id_at` ON `usage_minutes` (`app_id`, `at`);
-- Create index "usageminute_credential_id_at" to table: "usage_minutes"
CREATE INDEX `usageminute_credential_id_at` ON `usage_minutes` (`credential_id`, `at`);
-- Create index "usage_minutes_due" to table: "usage_minutes"
CREATE INDEX `usage_minutes_due` ON `usage_minutes` (`id`) WHERE due;
-- Create index "usageminute_at" to table: "usage_minutes"
CREATE INDEX `usageminute_at` ON `usage_minutes` (`at`);
-- Create "usage_upstreams" table
CREATE TABLE `usage_upstreams` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `at` datetime NOT NULL, `account_id` uuid NOT NULL, `app_id` uuid NOT NULL, `credential_id` uuid NOT NULL, `product_id` uuid NOT NULL, `status_class` integer NOT NULL, `calls` integer NOT NULL, `latency_us` integer NOT NULL, PRIMARY KEY (`id`));
-- Create index "usageupstream_organization_id_at" to table: "usage_upstreams"
CREATE INDEX `usageupstream_organization_id_at` ON `usage_upstreams` (`organization_id`, `at`);
-- Create index "usageupstream_app_id_at" to table: "usage_upstreams"
CREATE INDEX `usageupstream_app_id_at` ON `usage_upstreams` (`app_id`, `at`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
