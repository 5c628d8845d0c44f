-- Create "access_entries" table
CREATE TABLE `access_entries` (`id` uuid NOT NULL, `credential_id` uuid NOT NULL, `product_id` uuid NOT NULL, `account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `access_entries_credentials_credential` FOREIGN KEY (`credential_id`) REFERENCES `credentials` (`id`) ON DELETE NO ACTION, CONSTRAINT `access_entries_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `access_entries_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `access_entries_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION);
-- Create index "accessentry_credential_id_product_id" to table: "access_entries"
CREATE UNIQUE INDEX `accessentry_credential_id_product_id` ON `access_entries` (`credential_id`, `product_id`);
-- Create "accounts" table
CREATE TABLE `accounts` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `name_folded` text NOT NULL, `profile` json NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `deleted_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `accounts_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `accounts_status` CHECK (status IN ('ACTIVE', 'SUSPENDED')));
-- Create index "account_organization_id_created_at_id" to table: "accounts"
CREATE INDEX `account_organization_id_created_at_id` ON `accounts` (`organization_id`, `created_at`, `id`);
-- Create index "account_organization_id_name_folded_id" to table: "accounts"
CREATE INDEX `account_organization_id_name_folded_id` ON `accounts` (`organization_id`, `name_folded`, `id`);
-- Create "apps" table
CREATE TABLE `apps` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `reference_id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `description` text NOT NULL DEFAULT (''), `labels` json NOT NULL, `deleted_at` datetime NULL, `purged_at` datetime NULL, `account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `apps_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `apps_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `apps_purged` CHECK (purged_at IS NULL OR deleted_at IS NOT NULL));
-- Create index "app_organization_id_reference_id" to table: "apps"
CREATE UNIQUE INDEX `app_organization_id_reference_id` ON `apps` (`organization_id`, `reference_id`);
-- Create index "app_account_id_created_at_id" to table: "apps"
CREATE INDEX `app_account_id_created_at_id` ON `apps` (`account_id`, `created_at`, `id`);
-- Create index "app_account_id_name_folded_id" to table: "apps"
CREATE INDEX `app_account_id_name_folded_id` ON `apps` (`account_id`, `name_folded`, `id`);
-- Create index "app_organization_id_created_at_id" to table: "apps"
CREATE INDEX `app_organization_id_created_at_id` ON `apps` (`organization_id`, `created_at`, `id`);
-- Create index "app_organization_id_name_folded_id" to table: "apps"
CREATE INDEX `app_organization_id_name_folded_id` ON `apps` (`organization_id`, `name_folded`, `id`);
-- Create index "app_deleted_at" to table: "apps"
CREATE INDEX `app_deleted_at` ON `apps` (`deleted_at`) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
-- Create "credentials" table
CREATE TABLE `credentials` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL DEFAULT (''), `environment` text NOT NULL DEFAULT ('DEVELOPMENT'), `status` text NOT NULL DEFAULT ('ACTIVE'), `auth_type` text NOT NULL DEFAULT ('API_KEY'), `username` uuid NOT NULL, `secret_hash` blob NULL, `pepper_id` text NOT NULL DEFAULT (''), `secret_hint` text NOT NULL DEFAULT (''), `access` text NOT NULL DEFAULT ('ALL'), `expires_at` datetime NULL, `expiry_recorded_at` datetime NULL, `last_used_at` datetime NULL, `revoked_at` datetime NULL, `revoked_by` uuid NULL, `revoked_reason` text NULL, `revoked_note` text NOT NULL DEFAULT (''), `deleted_at` datetime NULL, `app_id` uuid NULL, `account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `credentials_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE SET NULL, CONSTRAINT `credentials_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `credentials_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `credentials_access` CHECK (access IN ('ALL', 'LISTED')), CONSTRAINT `credentials_auth_type` CHECK (auth_type IN ('API_KEY', 'BASIC')), CONSTRAINT `credentials_environment` CHECK (environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')), CONSTRAINT `credentials_reason` CHECK (revoked_reason IS NULL OR revoked_reason IN ('UNSPECIFIED', 'KEY_COMPROMISE', 'SUPERSEDED', 'CESSATION_OF_OPERATION', 'PRIVILEGE_WITHDRAWN', 'APP_DELETED', 'ACCOUNT_DELETED')), CONSTRAINT `credentials_revoked` CHECK ((status = 'REVOKED') = (revoked_at IS NOT NULL) AND (status = 'REVOKED') = (revoked_reason IS NOT NULL)), CONSTRAINT `credentials_secret` CHECK (status = 'REVOKED' OR (status = 'UNCOLLECTED') = (secret_hash IS NULL)), CONSTRAINT `credentials_status` CHECK (status IN ('ACTIVE', 'UNCOLLECTED', 'DISABLED', 'REVOKED')));
-- Create index "credentials_username_key" to table: "credentials"
CREATE UNIQUE INDEX `credentials_username_key` ON `credentials` (`username`);
-- Create index "credential_app_id_created_at_id" to table: "credentials"
CREATE INDEX `credential_app_id_created_at_id` ON `credentials` (`app_id`, `created_at`, `id`);
-- Create index "credential_account_id_created_at_id" to table: "credentials"
CREATE INDEX `credential_account_id_created_at_id` ON `credentials` (`account_id`, `created_at`, `id`);
-- Create index "credential_organization_id" to table: "credentials"
CREATE INDEX `credential_organization_id` ON `credentials` (`organization_id`);
-- Create index "credential_expires_at" to table: "credentials"
CREATE INDEX `credential_expires_at` ON `credentials` (`expires_at`) WHERE expires_at IS NOT NULL AND expiry_recorded_at IS NULL AND status <> 'REVOKED';
-- Create "events" table
CREATE TABLE `events` (`id` uuid NOT NULL, `position` integer NOT NULL, `type` text NOT NULL, `payload_version` integer NOT NULL DEFAULT (1), `at` datetime NOT NULL, `actor_role` text NOT NULL, `actor_id` uuid NULL, `actor_name` text NOT NULL, `address` text NOT NULL DEFAULT (''), `request_id` text NOT NULL DEFAULT (''), `subject_type` text NOT NULL, `subject_id` uuid NOT NULL, `subject_name` text NOT NULL DEFAULT (''), `account_id` uuid NULL, `app_id` uuid NULL, `reason` text NOT NULL DEFAULT (''), `changes` json NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `events_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION);
-- Create index "event_organization_id_position" to table: "events"
CREATE UNIQUE INDEX `event_organization_id_position` ON `events` (`organization_id`, `position`);
-- Create index "event_subject_id_position" to table: "events"
CREATE INDEX `event_subject_id_position` ON `events` (`subject_id`, `position`);
-- Create index "event_app_id_position" to table: "events"
CREATE INDEX `event_app_id_position` ON `events` (`app_id`, `position`);
-- Create index "event_account_id_position" to table: "events"
CREATE INDEX `event_account_id_position` ON `events` (`account_id`, `position`);
-- Create index "event_organization_id_at" to table: "events"
CREATE INDEX `event_organization_id_at` ON `events` (`organization_id`, `at`);
-- Create "event_positions" table
CREATE TABLE `event_positions` (`id` uuid NOT NULL, `last` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- Create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`id` uuid NOT NULL, `organization_id` uuid NOT NULL, `user_id` uuid NOT NULL, `mutation` text NOT NULL, `key` text NOT NULL, `input_hash` blob NOT NULL, `object_id` uuid NOT NULL, `second_id` uuid NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "idempotencykey_user_id_mutation_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX `idempotencykey_user_id_mutation_key` ON `idempotency_keys` (`user_id`, `mutation`, `key`);
-- Create index "idempotencykey_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotencykey_created_at` ON `idempotency_keys` (`created_at`);
-- Create "leases" table
CREATE TABLE `leases` (`id` text NOT NULL, `holder` text NOT NULL DEFAULT (''), `until` datetime NOT NULL, `last_run_at` datetime NULL, PRIMARY KEY (`id`));
-- Create "memberships" table
CREATE TABLE `memberships` (`id` uuid NOT NULL, `role` text NOT NULL DEFAULT ('MEMBER'), `created_at` datetime NOT NULL, `account_id` uuid NOT NULL, `user_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `memberships_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `memberships_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `memberships_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `memberships_role` CHECK (role IN ('OWNER', 'MEMBER')));
-- Create index "membership_user_id_account_id" to table: "memberships"
CREATE UNIQUE INDEX `membership_user_id_account_id` ON `memberships` (`user_id`, `account_id`);
-- Create index "membership_account_id_created_at_id" to table: "memberships"
CREATE INDEX `membership_account_id_created_at_id` ON `memberships` (`account_id`, `created_at`, `id`);
-- Create "organizations" table
CREATE TABLE `organizations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `slug` text NOT NULL, `name` text NOT NULL, `website` text NOT NULL DEFAULT (''), `support_email` text NOT NULL DEFAULT (''), `logo_url` text NOT NULL DEFAULT (''), `time_zone` text NOT NULL DEFAULT ('UTC'), `currency` text NOT NULL DEFAULT ('EUR'), `portal_unregister` text NOT NULL DEFAULT ('WITHDRAW_ONLY'), `production_keys` text NOT NULL DEFAULT ('MEMBERS'), `password_sign_in` bool NOT NULL DEFAULT (true), `key_prefix` text NOT NULL DEFAULT ('ptk'), `longest_key_life` json NOT NULL, `deleted_retention_days` integer NOT NULL DEFAULT (30), `event_retention_days` integer NOT NULL DEFAULT (730), PRIMARY KEY (`id`), CONSTRAINT `organizations_portal_unregister` CHECK (portal_unregister IN ('WITHDRAW_ONLY', 'ALLOWED')), CONSTRAINT `organizations_production_keys` CHECK (production_keys IN ('MEMBERS', 'OWNERS_ONLY')));
-- Create index "organizations_slug_key" to table: "organizations"
CREATE UNIQUE INDEX `organizations_slug_key` ON `organizations` (`slug`);
-- Create "plans" table
CREATE TABLE `plans` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `external_id` text NOT NULL DEFAULT (''), `kind` text NOT NULL, `rate_limit` json NULL, `quota` json NULL, `price` json NULL, `approval` text NULL, `product_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `plans_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `plans_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `plans_approval` CHECK (approval IS NULL OR approval IN ('MANUAL', 'AUTO')), CONSTRAINT `plans_kind` CHECK (kind IN ('FREE', 'SUBSCRIPTION', 'METERED', 'TIERED')));
-- Create index "plan_product_id_name" to table: "plans"
CREATE UNIQUE INDEX `plan_product_id_name` ON `plans` (`product_id`, `name`);
-- Create index "plan_product_id_created_at_id" to table: "plans"
CREATE INDEX `plan_product_id_created_at_id` ON `plans` (`product_id`, `created_at`, `id`);
-- Create "products" table
CREATE TABLE `products` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `title` text NOT NULL, `title_folded` text NOT NULL, `description` text NOT NULL DEFAULT (''), `api_version` text NOT NULL DEFAULT (''), `external_id` text NOT NULL DEFAULT (''), `visibility` text NOT NULL DEFAULT ('PUBLIC'), `status` text NOT NULL DEFAULT ('DRAFT'), `approval` text NOT NULL DEFAULT ('MANUAL'), `auth_types` json NOT NULL, `documentation_url` text NOT NULL DEFAULT (''), `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `products_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `products_approval` CHECK (approval IN ('MANUAL', 'AUTO')), CONSTRAINT `products_status` CHECK (status IN ('DRAFT', 'PUBLISHED', 'DEPRECATED', 'RETIRED')), CONSTRAINT `products_visibility` CHECK (visibility IN ('PUBLIC', 'PRIVATE')));
-- Create index "product_organization_id_name" to table: "products"
CREATE UNIQUE INDEX `product_organization_id_name` ON `products` (`organization_id`, `name`);
-- Create index "product_organization_id_title_folded_id" to table: "products"
CREATE INDEX `product_organization_id_title_folded_id` ON `products` (`organization_id`, `title_folded`, `id`);
-- Create index "product_organization_id_created_at_id" to table: "products"
CREATE INDEX `product_organization_id_created_at_id` ON `products` (`organization_id`, `created_at`, `id`);
-- Create "service_tokens" table
CREATE TABLE `service_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `scopes` json NOT NULL, `token_hash` blob NOT NULL, `hint` text NOT NULL, `revoked_at` datetime NULL, `last_used_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `service_tokens_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION);
-- Create index "service_tokens_token_hash_key" to table: "service_tokens"
CREATE UNIQUE INDEX `service_tokens_token_hash_key` ON `service_tokens` (`token_hash`);
-- Create index "servicetoken_organization_id_name" to table: "service_tokens"
CREATE UNIQUE INDEX `servicetoken_organization_id_name` ON `service_tokens` (`organization_id`, `name`);
-- Create "sign_in_attempts" table
CREATE TABLE `sign_in_attempts` (`id` uuid NOT NULL, `bucket` text NOT NULL, `attempted_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "signinattempt_bucket_attempted_at" to table: "sign_in_attempts"
CREATE INDEX `signinattempt_bucket_attempted_at` ON `sign_in_attempts` (`bucket`, `attempted_at`);
-- Create index "signinattempt_attempted_at" to table: "sign_in_attempts"
CREATE INDEX `signinattempt_attempted_at` ON `sign_in_attempts` (`attempted_at`);
-- Create "subscriptions" table
CREATE TABLE `subscriptions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `newest` bool NOT NULL DEFAULT (true), `requested_by` uuid NULL, `decided_by` uuid NULL, `decided_at` datetime NULL, `reason` text NOT NULL DEFAULT (''), `deleted_at` datetime NULL, `app_id` uuid NOT NULL, `account_id` uuid NOT NULL, `product_id` uuid NOT NULL, `plan_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `subscriptions_apps_app` FOREIGN KEY (`app_id`) REFERENCES `apps` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_plans_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscriptions_status` CHECK (status IN ('WAITING', 'APPROVED', 'REJECTED', 'SUSPENDED', 'UNSUBSCRIBED')));
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
-- Create "users" table
CREATE TABLE `users` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `name_folded` text NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `role` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `password_hash` text NOT NULL, `token_version` integer NOT NULL DEFAULT (1), `last_sign_in_at` datetime NULL, `password_changed_at` datetime NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `users_role` CHECK (role IN ('ADMIN', 'PORTAL')), CONSTRAINT `users_status` CHECK (status IN ('ACTIVE', 'DISABLED')));
-- Create index "user_organization_id_email_folded" to table: "users"
CREATE UNIQUE INDEX `user_organization_id_email_folded` ON `users` (`organization_id`, `email_folded`);
-- Create index "user_organization_id_created_at_id" to table: "users"
CREATE INDEX `user_organization_id_created_at_id` ON `users` (`organization_id`, `created_at`, `id`);
-- Create index "user_email_folded" to table: "users"
CREATE INDEX `user_email_folded` ON `users` (`email_folded`);
