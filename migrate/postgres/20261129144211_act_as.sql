-- Modify "organizations" table
ALTER TABLE "organizations" ADD COLUMN "act_as" boolean NOT NULL DEFAULT false;
