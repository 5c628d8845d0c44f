-- Modify "users" table
ALTER TABLE "users" ADD CONSTRAINT "users_language" CHECK (language IN ('EN', 'TR')), ADD CONSTRAINT "users_theme" CHECK (theme IN ('LIGHT', 'DARK')), ADD COLUMN "language" character varying NULL, ADD COLUMN "time_zone" character varying NULL, ADD COLUMN "theme" character varying NULL;
