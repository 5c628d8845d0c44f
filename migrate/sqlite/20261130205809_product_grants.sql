-- Add column "catalogue_access" to table: "organizations"
ALTER TABLE `organizations` ADD COLUMN `catalogue_access` text NOT NULL DEFAULT ('SIGNED_IN') CONSTRAINT `organizations_catalogue_access` CHECK (catalogue_access IN ('SIGNED_IN', 'PUBLIC'));
-- Create "product_grants" table
CREATE TABLE `product_grants` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `product_id` uuid NOT NULL, `account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `product_grants_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `product_grants_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `product_grants_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION);
-- Create index "productgrant_account_id_product_id" to table: "product_grants"
CREATE UNIQUE INDEX `productgrant_account_id_product_id` ON `product_grants` (`account_id`, `product_id`);
-- Create index "productgrant_product_id" to table: "product_grants"
CREATE INDEX `productgrant_product_id` ON `product_grants` (`product_id`);
