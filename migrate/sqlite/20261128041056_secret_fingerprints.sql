-- The secrets outside of the database that it belongs to, by a keyed hash that
-- shows nothing of them.
CREATE TABLE `secret_fingerprints` (`use_name` text NOT NULL, `key_id` text NOT NULL, `fingerprint` text NOT NULL, `development` bool NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`use_name`, `key_id`));
