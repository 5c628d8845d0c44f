-- Create index "statement_line_of_account" to table: "statement_lines"
CREATE INDEX `statement_line_of_account` ON `statement_lines` (`account_id`, `created_at`, `id`) WHERE statement_id IS NULL;
-- A closed statement gets no further line: it says how many it has.
CREATE TRIGGER statement_lines_counted_insert AFTER INSERT ON statement_lines
WHEN NEW.statement_id IS NOT NULL
  AND (SELECT line_count FROM statements WHERE id = NEW.statement_id) < (SELECT COUNT(*) FROM statement_lines WHERE statement_id = NEW.statement_id)
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
CREATE TRIGGER statement_lines_counted_update AFTER UPDATE OF statement_id ON statement_lines
WHEN NEW.statement_id IS NOT NULL
  AND (SELECT line_count FROM statements WHERE id = NEW.statement_id) < (SELECT COUNT(*) FROM statement_lines WHERE statement_id = NEW.statement_id)
BEGIN
  SELECT RAISE(ABORT, 'a closed statement is never changed');
END;
