-- Add columns to table: "products". A table made anew would lose its triggers
ALTER TABLE `products` ADD COLUMN `summary` text NOT NULL DEFAULT ('');
ALTER TABLE `products` ADD COLUMN `logo_url` text NOT NULL DEFAULT ('');
ALTER TABLE `products` ADD COLUMN `terms_version` text NULL;
ALTER TABLE `products` ADD COLUMN `terms_url` text NULL CONSTRAINT `products_terms` CHECK ((terms_version IS NULL) = (terms_url IS NULL));
-- Add columns to table: "subscriptions"
ALTER TABLE `subscriptions` ADD COLUMN `accepted_terms_version` text NULL;
ALTER TABLE `subscriptions` ADD COLUMN `accepted_terms_at` datetime NULL;
ALTER TABLE `subscriptions` ADD COLUMN `accepted_terms_by` uuid NULL CONSTRAINT `subscriptions_accepted_terms` CHECK ((accepted_terms_version IS NULL) = (accepted_terms_at IS NULL) AND (accepted_terms_by IS NULL OR accepted_terms_version IS NOT NULL));
-- Create "guides" table
CREATE TABLE `guides` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `slug` text NOT NULL, `title` text NOT NULL, `text` text NOT NULL, `position` integer NOT NULL, `product_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `guides_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `guides_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `guides_position` CHECK (position > 0), CONSTRAINT `guides_text` CHECK (length(text) <= 65536));
-- Create index "guide_product_id_slug" to table: "guides"
CREATE UNIQUE INDEX `guide_product_id_slug` ON `guides` (`product_id`, `slug`);
-- Create index "guide_product_id_position_id" to table: "guides"
CREATE INDEX `guide_product_id_position_id` ON `guides` (`product_id`, `position`, `id`);
-- Create index "guide_organization_id" to table: "guides"
CREATE INDEX `guide_organization_id` ON `guides` (`organization_id`);
