-- Add column "request_form" to table: "products". A table made anew would lose its triggers
ALTER TABLE `products` ADD COLUMN `request_form` json NULL CONSTRAINT `products_request_form` CHECK (request_form IS NULL OR length(CAST(request_form AS text)) <= 100000);
-- Add column "answers" to table: "subscriptions"
ALTER TABLE `subscriptions` ADD COLUMN `answers` json NULL CONSTRAINT `subscriptions_answers` CHECK (answers IS NULL OR length(CAST(answers AS text)) <= 50000);
