-- Modify "plans" table
ALTER TABLE "plans" ADD COLUMN "revision" bigint NOT NULL DEFAULT 1;
-- Create "plan_revisions" table
CREATE TABLE "plan_revisions" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "rate_limit" jsonb NULL, "quota" jsonb NULL, "quota_per" character varying NOT NULL DEFAULT 'APP', "price" jsonb NULL, "endpoint_limits" jsonb NULL, "overage" character varying NOT NULL DEFAULT 'REFUSE', "spending_cap" character varying NULL, "calls_within_cap" bigint NULL, "number" bigint NOT NULL, "created_at" timestamptz NOT NULL, "plan_id" uuid NOT NULL, "product_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "plan_revisions_plans_plan" FOREIGN KEY ("plan_id") REFERENCES "plans" ("id") ON DELETE NO ACTION, CONSTRAINT "plan_revisions_products_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE NO ACTION, CONSTRAINT "plan_revisions_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "plan_revisions_calls_within" CHECK (calls_within_cap IS NULL OR (spending_cap IS NOT NULL AND calls_within_cap > 0)), CONSTRAINT "plan_revisions_endpoint_limits" CHECK (endpoint_limits IS NULL OR length(CAST(endpoint_limits AS text)) <= 20000), CONSTRAINT "plan_revisions_kind" CHECK (kind IN ('FREE', 'SUBSCRIPTION', 'METERED', 'TIERED')), CONSTRAINT "plan_revisions_number" CHECK (number >= 1), CONSTRAINT "plan_revisions_overage" CHECK (overage IN ('REFUSE', 'CONTINUE')), CONSTRAINT "plan_revisions_quota_per" CHECK (quota_per IN ('APP', 'ACCOUNT')), CONSTRAINT "plan_revisions_spending_cap" CHECK (spending_cap IS NULL OR (kind IN ('METERED', 'TIERED') AND length(spending_cap) BETWEEN 1 AND 20)));
-- Create index "planrevision_plan_id_number" to table: "plan_revisions"
CREATE UNIQUE INDEX "planrevision_plan_id_number" ON "plan_revisions" ("plan_id", "number");
-- Create index "planrevision_plan_id_created_at_id" to table: "plan_revisions"
CREATE INDEX "planrevision_plan_id_created_at_id" ON "plan_revisions" ("plan_id", "created_at", "id");
-- Create index "planrevision_product_id" to table: "plan_revisions"
CREATE INDEX "planrevision_product_id" ON "plan_revisions" ("product_id");
-- Create index "planrevision_organization_id" to table: "plan_revisions"
CREATE INDEX "planrevision_organization_id" ON "plan_revisions" ("organization_id");
-- Modify "subscriptions" table
ALTER TABLE "subscriptions" ADD COLUMN "plan_revision_id" uuid NULL, ADD COLUMN "pending_plan_revision_id" uuid NULL, ADD CONSTRAINT "subscriptions_plan_revisions_plan_revision" FOREIGN KEY ("plan_revision_id") REFERENCES "plan_revisions" ("id") ON DELETE NO ACTION, ADD CONSTRAINT "subscriptions_plan_revisions_pending_plan_revision" FOREIGN KEY ("pending_plan_revision_id") REFERENCES "plan_revisions" ("id") ON DELETE NO ACTION;
-- Revision 1 of each plan has the plan's terms, and its id. The plan may have been changed before, which nothing tells
INSERT INTO "plan_revisions" ("id", "kind", "rate_limit", "quota", "quota_per", "price", "endpoint_limits", "overage", "spending_cap", "calls_within_cap", "number", "created_at", "plan_id", "product_id", "organization_id") SELECT "id", "kind", "rate_limit", "quota", "quota_per", "price", "endpoint_limits", "overage", "spending_cap", "calls_within_cap", 1, "updated_at", "id", "product_id", "organization_id" FROM "plans";
UPDATE "subscriptions" SET "plan_revision_id" = "plan_id", "pending_plan_revision_id" = "pending_plan_id";
-- Create index "subscription_plan_revision" to table: "subscriptions"
CREATE INDEX "subscription_plan_revision" ON "subscriptions" ("plan_revision_id", "status");
-- Create index "subscription_pending_plan_revision" to table: "subscriptions"
CREATE INDEX "subscription_pending_plan_revision" ON "subscriptions" ("pending_plan_revision_id") WHERE pending_plan_revision_id IS NOT NULL;
