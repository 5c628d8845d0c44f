-- Create "gate_cursors" table
CREATE TABLE "gate_cursors" ("id" uuid NOT NULL, "node_id" uuid NOT NULL, "organization_id" uuid NOT NULL, "position" bigint NOT NULL, "applied_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "gatecursor_node_id_organization_id" to table: "gate_cursors"
CREATE UNIQUE INDEX "gatecursor_node_id_organization_id" ON "gate_cursors" ("node_id", "organization_id");
-- Create index "gatecursor_organization_id" to table: "gate_cursors"
CREATE INDEX "gatecursor_organization_id" ON "gate_cursors" ("organization_id");
-- Create "usage_days" table
CREATE TABLE "usage_days" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "app_id" uuid NOT NULL, "credential_id" uuid NOT NULL, "product_id" uuid NOT NULL, "endpoint_id" uuid NOT NULL, "code" character varying NOT NULL, "calls" bigint NOT NULL, PRIMARY KEY ("id"));
-- Create index "usageday_organization_id_at" to table: "usage_days"
CREATE INDEX "usageday_organization_id_at" ON "usage_days" ("organization_id", "at");
-- Create index "usageday_app_id_at" to table: "usage_days"
CREATE INDEX "usageday_app_id_at" ON "usage_days" ("app_id", "at");
-- Create index "usageday_credential_id_at" to table: "usage_days"
CREATE INDEX "usageday_credential_id_at" ON "usage_days" ("credential_id", "at");
-- Create index "usageday_account_id_at" to table: "usage_days"
CREATE INDEX "usageday_account_id_at" ON "usage_days" ("account_id", "at");
-- Create index "usageday_product_id_at" to table: "usage_days"
CREATE INDEX "usageday_product_id_at" ON "usage_days" ("product_id", "at");
-- Create index "usageday_at" to table: "usage_days"
CREATE INDEX "usageday_at" ON "usage_days" ("at");
-- Modify "products" table
ALTER TABLE "products" ADD COLUMN "keyless" boolean NOT NULL DEFAULT false, ADD COLUMN "enforce_endpoints" boolean NOT NULL DEFAULT false;
-- Modify "service_tokens" table
ALTER TABLE "service_tokens" ADD CONSTRAINT "service_tokens_environment" CHECK (environment IS NULL OR environment IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')), ADD COLUMN "product_ids" jsonb NULL, ADD COLUMN "environment" character varying NULL;
-- Modify "subscriptions" table
ALTER TABLE "subscriptions" ADD COLUMN "endpoint_ids" jsonb NULL;
-- Create "usage_upstreams" table
CREATE TABLE "usage_upstreams" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "app_id" uuid NOT NULL, "credential_id" uuid NOT NULL, "product_id" uuid NOT NULL, "status_class" bigint NOT NULL, "calls" bigint NOT NULL, "latency_us" bigint NOT NULL, PRIMARY KEY ("id"));
-- Create index "usageupstream_organization_id_at" to table: "usage_upstreams"
CREATE INDEX "usageupstream_organization_id_at" ON "usage_upstreams" ("organization_id", "at");
-- Create index "usageupstream_app_id_at" to table: "usage_upstreams"
CREATE INDEX "usageupstream_app_id_at" ON "usage_upstreams" ("app_id", "at");
-- Create "usage_minutes" table
CREATE TABLE "usage_minutes" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "app_id" uuid NOT NULL, "credential_id" uuid NOT NULL, "product_id" uuid NOT NULL, "endpoint_id" uuid NOT NULL, "code" character varying NOT NULL, "calls" bigint NOT NULL, "rolled" bigint NOT NULL DEFAULT 0, "due" boolean NOT NULL DEFAULT true, PRIMARY KEY ("id"));
-- Create index "usageminute_organization_id_at" to table: "usage_minutes"
CREATE INDEX "usageminute_organization_id_at" ON "usage_minutes" ("organization_id", "at");
-- Create index "usageminute_app_id_at" to table: "usage_minutes"
CREATE INDEX "usageminute_app_id_at" ON "usage_minutes" ("app_id", "at");
-- Create index "usageminute_credential_id_at" to table: "usage_minutes"
CREATE INDEX "usageminute_credential_id_at" ON "usage_minutes" ("credential_id", "at");
-- Create index "usage_minutes_due" to table: "usage_minutes"
CREATE INDEX "usage_minutes_due" ON "usage_minutes" ("id") WHERE due;
-- Create index "usageminute_at" to table: "usage_minutes"
CREATE INDEX "usageminute_at" ON "usage_minutes" ("at");
-- Create "quota_counts" table
CREATE TABLE "quota_counts" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "subscription_id" uuid NOT NULL, "period_start" timestamptz NOT NULL, "period_end" timestamptz NOT NULL, "used" bigint NOT NULL, PRIMARY KEY ("id"));
-- Create index "quotacount_subscription_id_period_start" to table: "quota_counts"
CREATE UNIQUE INDEX "quotacount_subscription_id_period_start" ON "quota_counts" ("subscription_id", "period_start");
-- Create index "quotacount_organization_id" to table: "quota_counts"
CREATE INDEX "quotacount_organization_id" ON "quota_counts" ("organization_id");
-- Create index "quotacount_period_end" to table: "quota_counts"
CREATE INDEX "quotacount_period_end" ON "quota_counts" ("period_end");
-- Modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "allowed_addresses" jsonb NULL, ADD COLUMN "rate_limit" jsonb NULL;
-- Create "usage_batches" table
CREATE TABLE "usage_batches" ("id" character varying NOT NULL, "received_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "usagebatch_received_at" to table: "usage_batches"
CREATE INDEX "usagebatch_received_at" ON "usage_batches" ("received_at");
-- Create "gate_nodes" table
CREATE TABLE "gate_nodes" ("id" uuid NOT NULL, "name" character varying NOT NULL, "started_at" timestamptz NOT NULL, "seen_at" timestamptz NOT NULL, "flushed_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "gatenode_seen_at" to table: "gate_nodes"
CREATE INDEX "gatenode_seen_at" ON "gate_nodes" ("seen_at");
-- Create "usage_hours" table
CREATE TABLE "usage_hours" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "app_id" uuid NOT NULL, "credential_id" uuid NOT NULL, "product_id" uuid NOT NULL, "endpoint_id" uuid NOT NULL, "code" character varying NOT NULL, "calls" bigint NOT NULL, PRIMARY KEY ("id"));
-- Create index "usagehour_organization_id_at" to table: "usage_hours"
CREATE INDEX "usagehour_organization_id_at" ON "usage_hours" ("organization_id", "at");
-- Create index "usagehour_app_id_at" to table: "usage_hours"
CREATE INDEX "usagehour_app_id_at" ON "usage_hours" ("app_id", "at");
-- Create index "usagehour_credential_id_at" to table: "usage_hours"
CREATE INDEX "usagehour_credential_id_at" ON "usage_hours" ("credential_id", "at");
-- Create index "usagehour_account_id_at" to table: "usage_hours"
CREATE INDEX "usagehour_account_id_at" ON "usage_hours" ("account_id", "at");
-- Create index "usagehour_product_id_at" to table: "usage_hours"
CREATE INDEX "usagehour_product_id_at" ON "usage_hours" ("product_id", "at");
-- Create index "usagehour_at" to table: "usage_hours"
CREATE INDEX "usagehour_at" ON "usage_hours" ("at");
-- Create "usage_journal" table
CREATE TABLE "usage_journal" ("id" uuid NOT NULL, "node_id" uuid NOT NULL, "part" bigint NOT NULL, "taken_at" timestamptz NOT NULL, "body" bytea NOT NULL, PRIMARY KEY ("id"));
-- Create index "usagejournal_part_taken_at" to table: "usage_journal"
CREATE INDEX "usagejournal_part_taken_at" ON "usage_journal" ("part", "taken_at");
-- Create index "usagejournal_node_id" to table: "usage_journal"
CREATE INDEX "usagejournal_node_id" ON "usage_journal" ("node_id");
-- Modify "organizations" table
ALTER TABLE "organizations" ADD COLUMN "usage_retention" jsonb NULL;
-- Create "endpoints" table
CREATE TABLE "endpoints" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "method" character varying NOT NULL, "path" character varying NOT NULL, "description" character varying NOT NULL DEFAULT '', "product_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "endpoints_products_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE NO ACTION, CONSTRAINT "endpoints_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "endpoints_method" CHECK (method IN ('ANY', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')));
-- Create index "endpoint_product_id_method_path" to table: "endpoints"
CREATE UNIQUE INDEX "endpoint_product_id_method_path" ON "endpoints" ("product_id", "method", "path");
-- Create index "endpoint_product_id_created_at_id" to table: "endpoints"
CREATE INDEX "endpoint_product_id_created_at_id" ON "endpoints" ("product_id", "created_at", "id");
-- Create index "endpoint_organization_id" to table: "endpoints"
CREATE INDEX "endpoint_organization_id" ON "endpoints" ("organization_id");
