-- Create "invitations" table
CREATE TABLE `invitations` (`id` uuid NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `role` text NOT NULL, `invited_by` uuid NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `accepted_at` datetime NULL, `revoked_at` datetime NULL, `account_id` uuid NOT NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `invitations_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `invitations_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `invitations_ended` CHECK (accepted_at IS NULL OR revoked_at IS NULL), CONSTRAINT `invitations_expires` CHECK (expires_at > created_at), CONSTRAINT `invitations_role` CHECK (role IN ('OWNER', 'MEMBER')));
-- Create index "invitation_one_open" to table: "invitations"
CREATE UNIQUE INDEX `invitation_one_open` ON `invitations` (`account_id`, `email_folded`) WHERE accepted_at IS NULL AND revoked_at IS NULL;
-- Create index "invitation_account_id_created_at_id" to table: "invitations"
CREATE INDEX `invitation_account_id_created_at_id` ON `invitations` (`account_id`, `created_at`, `id`);
-- Create index "invitation_organization_id" to table: "invitations"
CREATE INDEX `invitation_organization_id` ON `invitations` (`organization_id`);
-- Create index "invitation_expires_at" to table: "invitations"
CREATE INDEX `invitation_expires_at` ON `invitations` (`expires_at`);
