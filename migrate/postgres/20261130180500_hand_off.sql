-- Modify "products" table
ALTER TABLE "products" ADD COLUMN "hand_off_url" character varying NOT NULL DEFAULT '';
