-- Add column "hand_off_url" to table: "products". A table made anew would lose its triggers
ALTER TABLE `products` ADD COLUMN `hand_off_url` text NOT NULL DEFAULT '';
