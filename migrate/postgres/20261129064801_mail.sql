-- Modify "credentials" table
ALTER TABLE "credentials" ADD COLUMN "expiry_notice" bigint NULL;
-- Modify "users" table
ALTER TABLE "users" ADD COLUMN "key_names_in_mail" boolean NOT NULL DEFAULT true;
-- Create "mail_cursors" table
CREATE TABLE "mail_cursors" ("id" uuid NOT NULL, "position" bigint NOT NULL DEFAULT 0, "sequence" bigint NOT NULL DEFAULT 0, "daily_on" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- Create "mail_deliveries" table
CREATE TABLE "mail_deliveries" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "kind" character varying NOT NULL, "cause" character varying NOT NULL, "event_id" uuid NULL, "recipient_id" uuid NOT NULL, "sequence" bigint NOT NULL, "state" character varying NOT NULL DEFAULT 'PENDING', "message_id" character varying NOT NULL, "attempts" bigint NOT NULL DEFAULT 0, "next_attempt_at" timestamptz NOT NULL, "claimed_until" timestamptz NULL, "problem" character varying NOT NULL DEFAULT '', "created_at" timestamptz NOT NULL, "settled_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "mail_deliveries_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED')), CONSTRAINT "mail_deliveries_settled" CHECK ((state = 'PENDING') = (settled_at IS NULL)), CONSTRAINT "mail_deliveries_state" CHECK (state IN ('PENDING', 'SENT', 'FAILED', 'SKIPPED')));
-- Create index "maildelivery_organization_id_kind_cause_recipient_id" to table: "mail_deliveries"
CREATE UNIQUE INDEX "maildelivery_organization_id_kind_cause_recipient_id" ON "mail_deliveries" ("organization_id", "kind", "cause", "recipient_id");
-- Create index "maildelivery_recipient_id_sequence" to table: "mail_deliveries"
CREATE INDEX "maildelivery_recipient_id_sequence" ON "mail_deliveries" ("recipient_id", "sequence") WHERE state = 'PENDING';
-- Create index "maildelivery_next_attempt_at" to table: "mail_deliveries"
CREATE INDEX "maildelivery_next_attempt_at" ON "mail_deliveries" ("next_attempt_at") WHERE state = 'PENDING';
-- Create index "maildelivery_created_at" to table: "mail_deliveries"
CREATE INDEX "maildelivery_created_at" ON "mail_deliveries" ("created_at");
-- Create "mail_kind_settings" table
CREATE TABLE "mail_kind_settings" ("id" uuid NOT NULL, "organization_id" uuid NOT NULL, "kind" character varying NOT NULL, "enabled" boolean NOT NULL DEFAULT true, "subject" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"), CONSTRAINT "mail_kind_settings_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED')), CONSTRAINT "mail_kind_settings_subject" CHECK (length(subject) <= 150));
-- Create index "mailkindsetting_organization_id_kind" to table: "mail_kind_settings"
CREATE UNIQUE INDEX "mailkindsetting_organization_id_kind" ON "mail_kind_settings" ("organization_id", "kind");
-- Create "mail_settings" table
CREATE TABLE "mail_settings" ("id" uuid NOT NULL, "sender_name" character varying NOT NULL DEFAULT '', "reply_to" character varying NOT NULL DEFAULT '', "sign_off" character varying NOT NULL DEFAULT '', "language" character varying NOT NULL DEFAULT 'EN', "version" bigint NOT NULL DEFAULT 1, PRIMARY KEY ("id"), CONSTRAINT "mail_settings_language" CHECK (language IN ('EN', 'TR')), CONSTRAINT "mail_settings_reply_to" CHECK (length(reply_to) <= 320), CONSTRAINT "mail_settings_sender_name" CHECK (length(sender_name) <= 100), CONSTRAINT "mail_settings_sign_off" CHECK (length(sign_off) <= 500));
