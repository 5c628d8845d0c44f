-- Modify "users" table
ALTER TABLE "users" ADD COLUMN "codes_unlocked_at" timestamptz NULL;
