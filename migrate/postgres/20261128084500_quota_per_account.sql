-- A plan may count its quota by account.
ALTER TABLE "plans" ADD COLUMN "quota_per" character varying NOT NULL DEFAULT 'APP', ADD CONSTRAINT "plans_quota_per" CHECK (quota_per IN ('APP', 'ACCOUNT'));
-- What an account used is the sum over its apps' rows.
ALTER TABLE "quota_counts" ADD COLUMN "account_counter" uuid NULL;
CREATE INDEX "quotacount_account_counter_period_start" ON "quota_counts" ("account_counter", "period_start");
