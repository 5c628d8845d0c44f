-- Modify "users" table
ALTER TABLE "users" ADD COLUMN "sign_in_unlocked_at" timestamptz NULL;
