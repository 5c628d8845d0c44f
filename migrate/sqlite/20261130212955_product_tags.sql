-- Add column "tags" to table: "products". A table made anew would lose its triggers
ALTER TABLE `products` ADD COLUMN `tags` json NULL CONSTRAINT `products_tags` CHECK (tags IS NULL OR length(CAST(tags AS text)) <= 1000);
