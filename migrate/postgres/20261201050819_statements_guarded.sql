-- Create index "statement_line_of_account" to table: "statement_lines"
CREATE INDEX "statement_line_of_account" ON "statement_lines" ("account_id", "created_at", "id") WHERE statement_id IS NULL;
-- TRUNCATE fires no triggers of rows.
CREATE TRIGGER statements_no_truncate BEFORE TRUNCATE ON statements
  FOR EACH STATEMENT EXECUTE FUNCTION statements_closed();
CREATE TRIGGER statement_lines_no_truncate BEFORE TRUNCATE ON statement_lines
  FOR EACH STATEMENT EXECUTE FUNCTION statements_closed();
-- A closed statement gets no further line: it says how many it has.
CREATE FUNCTION statement_lines_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM statements s WHERE s.id IN (SELECT c.statement_id FROM changed c WHERE c.statement_id IS NOT NULL)
      AND s.line_count < (SELECT COUNT(*) FROM statement_lines l WHERE l.statement_id = s.id)) THEN
    RAISE EXCEPTION 'a closed statement is never changed' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER statement_lines_counted_insert AFTER INSERT ON statement_lines
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION statement_lines_counted();
CREATE TRIGGER statement_lines_counted_update AFTER UPDATE ON statement_lines
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION statement_lines_counted();
