-- Modify "credentials" table
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_rotated" CHECK ((rotated_at IS NOT NULL AND expires_at IS NOT NULL) OR (successor_id IS NULL AND expires_unrotated_at IS NULL AND still_used_from IS NULL)), ADD COLUMN "rotated_at" timestamptz NULL, ADD COLUMN "expires_unrotated_at" timestamptz NULL, ADD COLUMN "still_used_from" timestamptz NULL, ADD COLUMN "predecessor_id" uuid NULL, ADD COLUMN "successor_id" uuid NULL, ADD CONSTRAINT "credentials_credentials_successors" FOREIGN KEY ("predecessor_id") REFERENCES "credentials" ("id") ON DELETE SET NULL, ADD CONSTRAINT "credentials_credentials_predecessors" FOREIGN KEY ("successor_id") REFERENCES "credentials" ("id") ON DELETE SET NULL;
-- Create index "credential_predecessor_id" to table: "credentials"
CREATE UNIQUE INDEX "credential_predecessor_id" ON "credentials" ("predecessor_id") WHERE predecessor_id IS NOT NULL AND status <> 'REVOKED';
-- Create index "credential_predecessors" to table: "credentials"
CREATE INDEX "credential_predecessors" ON "credentials" ("predecessor_id") WHERE predecessor_id IS NOT NULL;
-- Create index "credential_successor_id" to table: "credentials"
CREATE INDEX "credential_successor_id" ON "credentials" ("successor_id") WHERE successor_id IS NOT NULL;
-- Create index "credential_overlaps" to table: "credentials"
CREATE INDEX "credential_overlaps" ON "credentials" ("expires_at") WHERE still_used_from IS NOT NULL;
-- Modify "mail_deliveries" table
ALTER TABLE "mail_deliveries" DROP CONSTRAINT "mail_deliveries_kind", ADD CONSTRAINT "mail_deliveries_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED'));
-- Modify "mail_kind_settings" table
ALTER TABLE "mail_kind_settings" DROP CONSTRAINT "mail_kind_settings_kind", ADD CONSTRAINT "mail_kind_settings_kind" CHECK (kind IN ('WELCOME', 'REQUEST_RECEIVED', 'REQUESTS_WAITING', 'REQUEST_APPROVED', 'REQUEST_REJECTED', 'KEY_EXPIRING', 'KEY_EXPIRED', 'KEY_REVOKED', 'VERIFICATION', 'INVITATION', 'PASSWORD_RESET', 'SIGN_IN_CHANGED', 'TOKEN_EXPIRING', 'LEAK_REPORTED', 'SIGN_UP_DECIDED', 'KEY_STILL_USED'));
