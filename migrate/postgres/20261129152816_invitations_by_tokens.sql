-- Modify "invitations" table
ALTER TABLE "invitations" ADD COLUMN "invited_by_token" uuid NULL;
