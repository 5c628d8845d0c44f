-- Modify "mail_deliveries" table
ALTER TABLE "mail_deliveries" DROP CONSTRAINT "mail_deliveries_kind", ADD CONSTRAINT "mail_deliveries_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED'));
-- Modify "mail_kind_settings" table
ALTER TABLE "mail_kind_settings" DROP CONSTRAINT "mail_kind_settings_kind", ADD CONSTRAINT "mail_kind_settings_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED', 'PLAN_CHANGED', 'APP_OFFERED', 'APP_TRANSFERRED'));
-- Create "app_transfers" table
CREATE TABLE "app_transfers" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "app_name" character varying NOT NULL, "from_account_name" character varying NOT NULL, "to_account_name" character varying NOT NULL, "product_titles" jsonb NOT NULL, "key_count" bigint NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "reason" character varying NOT NULL DEFAULT '', "answer" character varying NOT NULL DEFAULT '', "offered_by" uuid NULL, "decided_by" uuid NULL, "decided_at" timestamptz NULL, "expires_at" timestamptz NOT NULL, "app_id" uuid NOT NULL, "from_account_id" uuid NOT NULL, "to_account_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "app_transfers_apps_app" FOREIGN KEY ("app_id") REFERENCES "apps" ("id") ON DELETE NO ACTION, CONSTRAINT "app_transfers_accounts_from_account" FOREIGN KEY ("from_account_id") REFERENCES "accounts" ("id") ON DELETE NO ACTION, CONSTRAINT "app_transfers_accounts_to_account" FOREIGN KEY ("to_account_id") REFERENCES "accounts" ("id") ON DELETE NO ACTION, CONSTRAINT "app_transfers_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "app_transfers_accounts" CHECK (from_account_id <> to_account_id), CONSTRAINT "app_transfers_decided" CHECK ((status = 'PENDING') = (decided_at IS NULL) AND (status <> 'PENDING' OR (decided_by IS NULL AND answer = ''))), CONSTRAINT "app_transfers_expires" CHECK (expires_at > created_at), CONSTRAINT "app_transfers_keys" CHECK (key_count >= 0), CONSTRAINT "app_transfers_status" CHECK (status IN ('PENDING', 'ACCEPTED', 'DECLINED', 'CANCELLED', 'EXPIRED')));
-- Create index "app_transfer_one_open" to table: "app_transfers"
CREATE UNIQUE INDEX "app_transfer_one_open" ON "app_transfers" ("app_id") WHERE status = 'PENDING';
-- Create index "apptransfer_app_id_from_account_id" to table: "app_transfers"
CREATE INDEX "apptransfer_app_id_from_account_id" ON "app_transfers" ("app_id", "from_account_id");
-- Create index "apptransfer_from_account_id_created_at_id" to table: "app_transfers"
CREATE INDEX "apptransfer_from_account_id_created_at_id" ON "app_transfers" ("from_account_id", "created_at", "id");
-- Create index "apptransfer_to_account_id_created_at_id" to table: "app_transfers"
CREATE INDEX "apptransfer_to_account_id_created_at_id" ON "app_transfers" ("to_account_id", "created_at", "id");
-- Create index "apptransfer_organization_id_created_at_id" to table: "app_transfers"
CREATE INDEX "apptransfer_organization_id_created_at_id" ON "app_transfers" ("organization_id", "created_at", "id");
-- Create index "app_transfer_due" to table: "app_transfers"
CREATE INDEX "app_transfer_due" ON "app_transfers" ("expires_at") WHERE status = 'PENDING';
-- Create index "apptransfer_expires_at" to table: "app_transfers"
CREATE INDEX "apptransfer_expires_at" ON "app_transfers" ("expires_at");
