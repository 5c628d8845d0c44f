-- Demo people, whose password everybody knows, are refused outside of development.
ALTER TABLE `users` ADD COLUMN `made_in_development` bool NOT NULL DEFAULT false;
-- Those that were made before there was such a mark.
UPDATE `users` SET `made_in_development` = true WHERE `organization_id` IN (SELECT `id` FROM `organizations` WHERE `slug` IN ('demo', 'second'))
  AND `email_folded` IN ('admin@demo.example', 'developer@demo.example', 'developer@globex.example', 'admin@second.example', 'developer@second.example');
