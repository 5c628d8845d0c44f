-- Modify "products" table
ALTER TABLE "products" ADD CONSTRAINT "products_tags" CHECK (tags IS NULL OR length(CAST(tags AS text)) <= 1000), ADD COLUMN "tags" jsonb NULL;
