-- Create index "statementline_subscription_id_ended_at" to table: "statement_lines"
CREATE INDEX "statementline_subscription_id_ended_at" ON "statement_lines" ("subscription_id", "ended_at");
