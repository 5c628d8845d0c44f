-- Add column "codes_unlocked_at" to table: "users"
ALTER TABLE `users` ADD COLUMN `codes_unlocked_at` datetime NULL;
