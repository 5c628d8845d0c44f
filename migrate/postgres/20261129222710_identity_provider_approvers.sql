-- Modify "identity_providers" table
ALTER TABLE "identity_providers" DROP CONSTRAINT "identity_providers_admin", ADD CONSTRAINT "identity_providers_admin" CHECK ((role_claim = '') = (admin_value = '' AND approver_value = '')), ADD COLUMN "approver_value" character varying NOT NULL DEFAULT '';
