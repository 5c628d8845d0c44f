-- Modify "mail_deliveries" table
ALTER TABLE "mail_deliveries" DROP CONSTRAINT "mail_deliveries_kind", ADD CONSTRAINT "mail_deliveries_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED', 'PRODUCT_ENDING'));
-- Modify "mail_kind_settings" table
ALTER TABLE "mail_kind_settings" DROP CONSTRAINT "mail_kind_settings_kind", ADD CONSTRAINT "mail_kind_settings_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED', 'PRODUCT_ENDING'));
-- Modify "products" table
ALTER TABLE "products" ADD CONSTRAINT "products_ending" CHECK (deprecates_at IS NULL OR retires_at IS NULL OR deprecates_at <= retires_at), ADD CONSTRAINT "products_notice" CHECK (ending_notice IS NULL OR (ending_notice > 0 AND retires_at IS NOT NULL)), ADD COLUMN "deprecates_at" timestamptz NULL, ADD COLUMN "retires_at" timestamptz NULL, ADD COLUMN "ending_notice" bigint NULL;
-- What has ended already: a retired product does not change any more, and a deprecated one was so at its last change
UPDATE "products" SET "retires_at" = "updated_at" WHERE "status" = 'RETIRED';
UPDATE "products" SET "deprecates_at" = "updated_at" WHERE "status" = 'DEPRECATED';
-- Create index "product_deprecation_due" to table: "products"
CREATE INDEX "product_deprecation_due" ON "products" ("deprecates_at") WHERE deprecates_at IS NOT NULL AND status = 'PUBLISHED';
-- Create index "product_retirement_due" to table: "products"
CREATE INDEX "product_retirement_due" ON "products" ("retires_at") WHERE retires_at IS NOT NULL AND status <> 'RETIRED';
