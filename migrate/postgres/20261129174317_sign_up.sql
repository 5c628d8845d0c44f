-- Modify "organizations" table
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_sign_up" CHECK (sign_up IN ('INVITATION', 'OPEN', 'APPROVAL')), ADD COLUMN "sign_up" character varying NOT NULL DEFAULT 'INVITATION', ADD COLUMN "sign_up_form" jsonb NULL;
-- Create "sign_ups" table
CREATE TABLE "sign_ups" ("id" uuid NOT NULL, "email" character varying NOT NULL, "email_folded" character varying NOT NULL, "name" character varying NOT NULL, "account_name" character varying NOT NULL, "language" character varying NULL, "answers" jsonb NOT NULL, "state" character varying NOT NULL DEFAULT 'UNVERIFIED', "password_hash" character varying NOT NULL DEFAULT '', "created_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "verified_at" timestamptz NULL, "decided_at" timestamptz NULL, "decided_by" uuid NULL, "reason" character varying NOT NULL DEFAULT '', "ended_at" timestamptz NULL, "person_id" uuid NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "sign_ups_users_person" FOREIGN KEY ("person_id") REFERENCES "users" ("id") ON DELETE SET NULL, CONSTRAINT "sign_ups_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "sign_ups_ended" CHECK ((state IN ('WAITING', 'ACCEPTED')) = (ended_at IS NULL)), CONSTRAINT "sign_ups_expires" CHECK (expires_at > created_at), CONSTRAINT "sign_ups_language" CHECK (language IN ('EN', 'TR')), CONSTRAINT "sign_ups_password" CHECK ((state = 'WAITING') = (password_hash <> '')), CONSTRAINT "sign_ups_state" CHECK (state IN ('UNVERIFIED', 'WAITING', 'ACCEPTED', 'REJECTED', 'REPLACED')), CONSTRAINT "sign_ups_user" CHECK ((state = 'ACCEPTED') = (person_id IS NOT NULL)), CONSTRAINT "sign_ups_verified" CHECK (state NOT IN ('WAITING', 'ACCEPTED', 'REJECTED') OR verified_at IS NOT NULL));
-- Create index "sign_up_one_waiting" to table: "sign_ups"
CREATE UNIQUE INDEX "sign_up_one_waiting" ON "sign_ups" ("organization_id", "email_folded") WHERE state = 'WAITING';
-- Create index "sign_up_address" to table: "sign_ups"
CREATE INDEX "sign_up_address" ON "sign_ups" ("organization_id", "email_folded", "state");
-- Create index "signup_organization_id_created_at_id" to table: "sign_ups"
CREATE INDEX "signup_organization_id_created_at_id" ON "sign_ups" ("organization_id", "created_at", "id");
-- Create index "signup_organization_id_state_expires_at" to table: "sign_ups"
CREATE INDEX "signup_organization_id_state_expires_at" ON "sign_ups" ("organization_id", "state", "expires_at");
-- Create index "signup_person_id" to table: "sign_ups"
CREATE UNIQUE INDEX "signup_person_id" ON "sign_ups" ("person_id");
-- Create index "signup_ended_at" to table: "sign_ups"
CREATE INDEX "signup_ended_at" ON "sign_ups" ("ended_at");
