-- Modify "organizations" table
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_requests_expire" CHECK ((requests_expire_after_days IS NULL) OR ((requests_expire_after_days >= 1) AND (requests_expire_after_days <= 365))), ADD COLUMN "requests_expire_after_days" bigint NULL;
-- Modify "subscriptions" table
ALTER TABLE "subscriptions" ADD COLUMN "pending_waits_since" timestamptz NULL;
-- Create index "subscription_plan_requests" to table: "subscriptions"
CREATE INDEX "subscription_plan_requests" ON "subscriptions" ("organization_id", "pending_requested_at") WHERE pending_requested_at IS NOT NULL;
-- What waits since a suspension must not count the time before it
UPDATE "subscriptions" SET "pending_waits_since" = "updated_at" WHERE "pending_status" = 'WAITING';
