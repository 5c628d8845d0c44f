-- Modify "products" table
ALTER TABLE "products" ADD CONSTRAINT "products_request_form" CHECK ((request_form IS NULL) OR (length((request_form)::text) <= 100000)), ADD COLUMN "request_form" jsonb NULL;
-- Modify "subscriptions" table
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_answers" CHECK ((answers IS NULL) OR (length((answers)::text) <= 50000)), ADD COLUMN "answers" jsonb NULL;
