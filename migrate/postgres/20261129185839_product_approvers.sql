-- Modify "users" table
ALTER TABLE "users" DROP CONSTRAINT "users_role", ADD CONSTRAINT "users_role" CHECK (role IN ('ADMIN', 'APPROVER', 'PORTAL'));
-- Create "product_approvers" table
CREATE TABLE "product_approvers" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "product_id" uuid NOT NULL, "user_id" uuid NOT NULL, "organization_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "product_approvers_products_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE NO ACTION, CONSTRAINT "product_approvers_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE NO ACTION, CONSTRAINT "product_approvers_organizations_organization" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE NO ACTION);
-- Create index "productapprover_user_id_product_id" to table: "product_approvers"
CREATE UNIQUE INDEX "productapprover_user_id_product_id" ON "product_approvers" ("user_id", "product_id");
-- Create index "productapprover_product_id" to table: "product_approvers"
CREATE INDEX "productapprover_product_id" ON "product_approvers" ("product_id");
