-- Create index "credential_organization_id_id" to table: "credentials"
CREATE INDEX `credential_organization_id_id` ON `credentials` (`organization_id`, `id`);
-- Drop index "credential_organization_id" from table: "credentials"
DROP INDEX `credential_organization_id`;
