-- Add column "name_folded" to table: "credentials"
ALTER TABLE `credentials` ADD COLUMN `name_folded` text NULL;
-- Names of ASCII letters alone; a job folds the others
UPDATE `credentials` SET `name_folded` = lower(`name`) WHERE `name` NOT GLOB '*[^ -~]*';
-- Create index "credential_unfolded" to table: "credentials"
CREATE INDEX `credential_unfolded` ON `credentials` (`name`) WHERE name_folded IS NULL;
-- What is searched, as database.Searched has it. It has ids of its own, because those of rows without an INTEGER PRIMARY KEY may change
CREATE TABLE `search_entries` (`id` integer NOT NULL PRIMARY KEY, `noun` text NOT NULL, `object_id` uuid NOT NULL, `text` text NOT NULL, UNIQUE (`object_id`, `noun`));
CREATE VIRTUAL TABLE `search_index` USING fts5(`text`, content='search_entries', content_rowid='id', tokenize='trigram case_sensitive 1');
CREATE TRIGGER `search_entries_added` AFTER INSERT ON `search_entries` BEGIN
  INSERT INTO `search_index` (`rowid`, `text`) VALUES (new.id, new.text);
END;
CREATE TRIGGER `search_entries_removed` AFTER DELETE ON `search_entries` BEGIN
  INSERT INTO `search_index` (`search_index`, `rowid`, `text`) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER `search_entries_changed` AFTER UPDATE OF `text` ON `search_entries` WHEN new.text <> old.text BEGIN
  INSERT INTO `search_index` (`search_index`, `rowid`, `text`) VALUES ('delete', old.id, old.text);
  INSERT INTO `search_index` (`rowid`, `text`) VALUES (new.id, new.text);
END;
INSERT INTO `search_entries` (`noun`, `object_id`, `text`) SELECT 'accounts', id, name_folded FROM `accounts`;
CREATE TRIGGER `accounts_search_added` AFTER INSERT ON `accounts` BEGIN
  INSERT INTO `search_entries` (`noun`, `object_id`, `text`) VALUES ('accounts', new.id, new.name_folded);
END;
CREATE TRIGGER `accounts_search_removed` AFTER DELETE ON `accounts` BEGIN
  DELETE FROM `search_entries` WHERE object_id = old.id AND noun = 'accounts';
END;
CREATE TRIGGER `accounts_search_changed` AFTER UPDATE OF `name_folded` ON `accounts` BEGIN
  UPDATE `search_entries` SET text = new.name_folded WHERE object_id = new.id AND noun = 'accounts';
END;
INSERT INTO `search_entries` (`noun`, `object_id`, `text`) SELECT 'apps', id, name_folded || char(10) || reference_id FROM `apps`;
CREATE TRIGGER `apps_search_added` AFTER INSERT ON `apps` BEGIN
  INSERT INTO `search_entries` (`noun`, `object_id`, `text`) VALUES ('apps', new.id, new.name_folded || char(10) || new.reference_id);
END;
CREATE TRIGGER `apps_search_removed` AFTER DELETE ON `apps` BEGIN
  DELETE FROM `search_entries` WHERE object_id = old.id AND noun = 'apps';
END;
CREATE TRIGGER `apps_search_changed` AFTER UPDATE OF `name_folded`, `reference_id` ON `apps` BEGIN
  UPDATE `search_entries` SET text = new.name_folded || char(10) || new.reference_id WHERE object_id = new.id AND noun = 'apps';
END;
INSERT INTO `search_entries` (`noun`, `object_id`, `text`) SELECT 'products', id, title_folded || char(10) || name FROM `products`;
CREATE TRIGGER `products_search_added` AFTER INSERT ON `products` BEGIN
  INSERT INTO `search_entries` (`noun`, `object_id`, `text`) VALUES ('products', new.id, new.title_folded || char(10) || new.name);
END;
CREATE TRIGGER `products_search_removed` AFTER DELETE ON `products` BEGIN
  DELETE FROM `search_entries` WHERE object_id = old.id AND noun = 'products';
END;
CREATE TRIGGER `products_search_changed` AFTER UPDATE OF `title_folded`, `name` ON `products` BEGIN
  UPDATE `search_entries` SET text = new.title_folded || char(10) || new.name WHERE object_id = new.id AND noun = 'products';
END;
INSERT INTO `search_entries` (`noun`, `object_id`, `text`) SELECT 'users', id, name_folded || char(10) || email_folded FROM `users`;
CREATE TRIGGER `users_search_added` AFTER INSERT ON `users` BEGIN
  INSERT INTO `search_entries` (`noun`, `object_id`, `text`) VALUES ('users', new.id, new.name_folded || char(10) || new.email_folded);
END;
CREATE TRIGGER `users_search_removed` AFTER DELETE ON `users` BEGIN
  DELETE FROM `search_entries` WHERE object_id = old.id AND noun = 'users';
END;
CREATE TRIGGER `users_search_changed` AFTER UPDATE OF `name_folded`, `email_folded` ON `users` BEGIN
  UPDATE `search_entries` SET text = new.name_folded || char(10) || new.email_folded WHERE object_id = new.id AND noun = 'users';
END;
INSERT INTO `search_entries` (`noun`, `object_id`, `text`) SELECT 'credentials', id, COALESCE(name_folded, name) || char(10) || username FROM `credentials`;
CREATE TRIGGER `credentials_search_added` AFTER INSERT ON `credentials` BEGIN
  INSERT INTO `search_entries` (`noun`, `object_id`, `text`) VALUES ('credentials', new.id, COALESCE(new.name_folded, new.name) || char(10) || new.username);
END;
CREATE TRIGGER `credentials_search_removed` AFTER DELETE ON `credentials` BEGIN
  DELETE FROM `search_entries` WHERE object_id = old.id AND noun = 'credentials';
END;
CREATE TRIGGER `credentials_search_changed` AFTER UPDATE OF `name`, `name_folded`, `username` ON `credentials` BEGIN
  UPDATE `search_entries` SET text = COALESCE(new.name_folded, new.name) || char(10) || new.username WHERE object_id = new.id AND noun = 'credentials';
END;
-- The previous release renames credentials and knows nothing of the column
CREATE TRIGGER `credentials_renamed` AFTER UPDATE OF `name` ON `credentials`
WHEN new.name IS NOT old.name AND new.name_folded IS old.name_folded AND new.name_folded IS NOT lower(new.name) BEGIN
  UPDATE `credentials` SET name_folded = NULL WHERE id = new.id;
END;
