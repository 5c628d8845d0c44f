-- The secrets outside of the database that it belongs to, by a keyed hash that
-- shows nothing of them.
CREATE TABLE "secret_fingerprints" ("use_name" character varying NOT NULL, "key_id" character varying NOT NULL, "fingerprint" character varying NOT NULL, "development" boolean NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("use_name", "key_id"));
