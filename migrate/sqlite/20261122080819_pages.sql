-- Create index "account_organization_id_id" to table: "accounts"
CREATE INDEX `account_organization_id_id` ON `accounts` (`organization_id`, `id`);
-- Create index "app_organization_id_id" to table: "apps"
CREATE INDEX `app_organization_id_id` ON `apps` (`organization_id`, `id`);
-- Create index "credential_organization_id_id" to table: "credentials"
CREATE INDEX `credential_organization_id_id` ON `credentials` (`organization_id`, `id`);
-- Drop index "credential_organization_id" from table: "credentials"
DROP INDEX `credential_organization_id`;
