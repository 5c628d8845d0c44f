-- Create "statements" table
CREATE TABLE `statements` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `number` integer NOT NULL, `account_id` uuid NOT NULL, `account_name` text NOT NULL, `period_start` datetime NOT NULL, `period_end` datetime NOT NULL, `currency` text NOT NULL, `amount` text NOT NULL, `line_count` integer NOT NULL, `reason` text NOT NULL DEFAULT (''), `corrects_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `statements_statements_corrections` FOREIGN KEY (`corrects_id`) REFERENCES `statements` (`id`) ON DELETE NO ACTION, CONSTRAINT `statements_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `statements_amount` CHECK (length(amount) BETWEEN 1 AND 60), CONSTRAINT `statements_number` CHECK (number >= 1), CONSTRAINT `statements_period` CHECK (period_end > period_start), CONSTRAINT `statements_reason` CHECK ((corrects_id IS NULL) = (reason = '')));
-- Create index "statement_organization_id_number" to table: "statements"
CREATE UNIQUE INDEX `statement_organization_id_number` ON `statements` (`organization_id`, `number`);
-- Create index "statement_one_a_period" to table: "statements"
CREATE UNIQUE INDEX `statement_one_a_period` ON `statements` (`account_id`, `period_start`, `currency`) WHERE corrects_id IS NULL;
-- Create index "statement_organization_id_created_at_id" to table: "statements"
CREATE INDEX `statement_organization_id_created_at_id` ON `statements` (`organization_id`, `created_at`, `id`);
-- Create index "statement_organization_id_period_start_id" to table: "statements"
CREATE INDEX `statement_organization_id_period_start_id` ON `statements` (`organization_id`, `period_start`, `id`);
-- Create index "statement_account_id_created_at_id" to table: "statements"
CREATE INDEX `statement_account_id_created_at_id` ON `statements` (`account_id`, `created_at`, `id`);
-- Create index "statement_account_id_period_start_id" to table: "statements"
CREATE INDEX `statement_account_id_period_start_id` ON `statements` (`account_id`, `period_start`, `id`);
-- Create index "statement_corrects_id" to table: "statements"
CREATE INDEX `statement_corrects_id` ON `statements` (`corrects_id`) WHERE corrects_id IS NOT NULL;
-- Create "statement_lines" table
CREATE TABLE `statement_lines` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `account_id` uuid NOT NULL, `subscription_id` uuid NOT NULL, `app_id` uuid NOT NULL, `app_name` text NOT NULL, `product_id` uuid NOT NULL, `product_name` text NOT NULL, `plan_id` uuid NOT NULL, `plan_name` text NOT NULL, `kind` text NOT NULL, `price` json NOT NULL, `currency` text NOT NULL, `period_start` datetime NOT NULL, `period_end` datetime NOT NULL, `started_at` datetime NOT NULL, `ended_at` datetime NULL, `calls` integer NOT NULL DEFAULT (0), `calls_before` integer NOT NULL DEFAULT (0), `counted_until` datetime NOT NULL, `count_due_at` datetime NULL, `charge` json NULL, `amount` text NULL, `statement_id` uuid NULL, `organization_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `statement_lines_statements_statement` FOREIGN KEY (`statement_id`) REFERENCES `statements` (`id`) ON DELETE NO ACTION, CONSTRAINT `statement_lines_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE NO ACTION, CONSTRAINT `statement_lines_calls` CHECK (calls >= 0 AND calls_before >= 0), CONSTRAINT `statement_lines_charge` CHECK (charge IS NULL OR length(CAST(charge AS text)) <= 50000), CONSTRAINT `statement_lines_kind` CHECK (kind IN ('FREE', 'SUBSCRIPTION', 'METERED', 'TIERED')), CONSTRAINT `statement_lines_period` CHECK (started_at >= period_start AND started_at <= period_end AND (ended_at IS NULL OR (ended_at >= started_at AND ended_at <= period_end))), CONSTRAINT `statement_lines_price` CHECK (length(CAST(price AS text)) <= 20000), CONSTRAINT `statement_lines_settled` CHECK ((count_due_at IS NULL) = (amount IS NOT NULL) AND (amount IS NULL OR ended_at IS NOT NULL) AND (statement_id IS NULL OR amount IS NOT NULL)));
-- Create index "statement_line_one_runs" to table: "statement_lines"
CREATE UNIQUE INDEX `statement_line_one_runs` ON `statement_lines` (`subscription_id`) WHERE ended_at IS NULL;
-- Create index "statement_line_runs" to table: "statement_lines"
CREATE INDEX `statement_line_runs` ON `statement_lines` (`period_end`) WHERE ended_at IS NULL;
-- Create index "statement_line_due" to table: "statement_lines"
CREATE INDEX `statement_line_due` ON `statement_lines` (`count_due_at`) WHERE count_due_at IS NOT NULL;
-- Create index "statement_line_open" to table: "statement_lines"
CREATE INDEX `statement_line_open` ON `statement_lines` (`period_end`, `account_id`) WHERE statement_id IS NULL;
-- Create index "statementline_account_id_app_id_product_id_period_start" to table: "statement_lines"
CREATE INDEX `statementline_account_id_app_id_product_id_period_start` ON `statement_lines` (`account_id`, `app_id`, `product_id`, `period_start`);
-- Create index "statementline_statement_id_created_at_id" to table: "statement_lines"
CREATE INDEX `statementline_statement_id_created_at_id` ON `statement_lines` (`statement_id`, `created_at`, `id`);
-- Create index "statementline_organization_id_created_at_id" to table: "statement_lines"
CREATE INDEX `statementline_organization_id_created_at_id` ON `statement_lines` (`organization_id`, `created_at`, `id`);
-- Create index "statementline_account_id_created_at_id" to table: "statement_lines"
CREATE INDEX `statementline_account_id_created_at_id` ON `statement_lines` (`account_id`, `created_at`, `id`);
-- A closed statement is never changed: a correction is another one. REPLACE deletes without
-- firing the triggers on DELETE: it is refused as well.
CREATE TRIGGER statements_no_update BEFORE UPDATE ON statements
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
CREATE TRIGGER statements_no_delete BEFORE DELETE ON statements
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
CREATE TRIGGER statements_no_replace BEFORE INSERT ON statements
WHEN EXISTS (SELECT 1 FROM statements WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
CREATE TRIGGER statement_lines_no_update BEFORE UPDATE ON statement_lines
WHEN OLD.statement_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
CREATE TRIGGER statement_lines_no_delete BEFORE DELETE ON statement_lines
WHEN OLD.statement_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
CREATE TRIGGER statement_lines_no_replace BEFORE INSERT ON statement_lines
WHEN EXISTS (SELECT 1 FROM statement_lines WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
