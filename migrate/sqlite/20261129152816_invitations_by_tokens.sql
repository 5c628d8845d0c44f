-- Add column "invited_by_token" to table: "invitations"
ALTER TABLE `invitations` ADD COLUMN `invited_by_token` uuid NULL;
