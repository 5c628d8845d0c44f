-- Modify "organizations" table
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_leaked_keys" CHECK (leaked_keys IN ('REVOKE', 'NOTIFY')), ADD COLUMN "leaked_keys" character varying NOT NULL DEFAULT 'REVOKE';
-- Create index "subscription_organization_id_product_id" to table: "subscriptions"
CREATE INDEX "subscription_organization_id_product_id" ON "subscriptions" ("organization_id", "product_id");
-- Create "leak_reports" table
CREATE TABLE "leak_reports" ("id" uuid NOT NULL, "credential_id" uuid NULL, "reporter" character varying NOT NULL, "url" character varying NOT NULL, "source" character varying NOT NULL, "note" character varying NOT NULL, "client" character varying NOT NULL, "request_id" character varying NOT NULL, "reported_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- Create index "leakreport_reported_at" to table: "leak_reports"
CREATE INDEX "leakreport_reported_at" ON "leak_reports" ("reported_at");
