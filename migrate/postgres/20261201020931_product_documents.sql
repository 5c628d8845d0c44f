-- Modify "products" table
ALTER TABLE "products" ADD COLUMN "last_document" bigint NOT NULL DEFAULT 0;
-- Create "product_documents" table
CREATE TABLE "product_documents" ("id" uuid NOT NULL, "number" bigint NOT NULL, "title" character varying NOT NULL, "api_version" character varying NOT NULL, "format" character varying NOT NULL, "text" character varying NOT NULL, "size" bigint NOT NULL, "sha256" character varying NOT NULL, "server" character varying NOT NULL, "operations" jsonb NOT NULL, "created_at" timestamptz NOT NULL, "product_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "product_documents_products_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE NO ACTION, CONSTRAINT "product_documents_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION, CONSTRAINT "product_documents_format" CHECK (format IN ('JSON', 'YAML')), CONSTRAINT "product_documents_number" CHECK (number > 0), CONSTRAINT "product_documents_operations" CHECK (length(CAST(operations AS text)) <= 2000000), CONSTRAINT "product_documents_text" CHECK (length(text) <= 200000));
-- Create index "productdocument_product_id_number" to table: "product_documents"
CREATE UNIQUE INDEX "productdocument_product_id_number" ON "product_documents" ("product_id", "number");
-- Create index "productdocument_product_id_created_at_id" to table: "product_documents"
CREATE INDEX "productdocument_product_id_created_at_id" ON "product_documents" ("product_id", "created_at", "id");
-- Create index "productdocument_organization_id" to table: "product_documents"
CREATE INDEX "productdocument_organization_id" ON "product_documents" ("organization_id");
