-- Modify "sessions" table
ALTER TABLE "sessions" ADD COLUMN "account_id" uuid NULL, ADD CONSTRAINT "sessions_accounts_account" FOREIGN KEY ("account_id") REFERENCES "accounts" ("id") ON DELETE SET NULL;
