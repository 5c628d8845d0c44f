-- Modify "products" table
ALTER TABLE "products" ADD CONSTRAINT "products_terms" CHECK ((terms_version IS NULL) = (terms_url IS NULL)), ADD COLUMN "summary" character varying NOT NULL DEFAULT '', ADD COLUMN "logo_url" character varying NOT NULL DEFAULT '', ADD COLUMN "terms_version" character varying NULL, ADD COLUMN "terms_url" character varying NULL;
-- Modify "subscriptions" table
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_accepted_terms" CHECK ((accepted_terms_version IS NULL) = (accepted_terms_at IS NULL) AND (accepted_terms_by IS NULL OR accepted_terms_version IS NOT NULL)), ADD COLUMN "accepted_terms_version" character varying NULL, ADD COLUMN "accepted_terms_at" timestamptz NULL, ADD COLUMN "accepted_terms_by" uuid NULL;
-- Create "guides" table
CREATE TABLE "guides" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "slug" character varying NOT NULL, "title" character varying NOT NULL, "text" character varying NOT NULL, "position" bigint NOT NULL, "product_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "guides_products_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE NO ACTION, CONSTRAINT "guides_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "guides_position" CHECK (position > 0), CONSTRAINT "guides_text" CHECK (length(text) <= 65536));
-- Create index "guide_product_id_slug" to table: "guides"
CREATE UNIQUE INDEX "guide_product_id_slug" ON "guides" ("product_id", "slug");
-- Create index "guide_product_id_position_id" to table: "guides"
CREATE INDEX "guide_product_id_position_id" ON "guides" ("product_id", "position", "id");
-- Create index "guide_organization_id" to table: "guides"
CREATE INDEX "guide_organization_id" ON "guides" ("organization_id");
