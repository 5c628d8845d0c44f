-- Add column "sign_in_unlocked_at" to table: "users"
ALTER TABLE `users` ADD COLUMN `sign_in_unlocked_at` datetime NULL;
