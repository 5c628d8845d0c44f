-- Create index "subscription_live_terms" to table: "subscriptions"
CREATE INDEX "subscription_live_terms" ON "subscriptions" ("plan_id", "plan_revision_id", "created_at", "id", "deleted_at") WHERE status IN ('WAITING', 'APPROVED', 'SUSPENDED');
-- Subscriptions refer to what was agreed to, for ever: no plan is deleted, and nothing purges revisions.
CREATE FUNCTION plan_revisions_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a revision of a plan is never changed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER plan_revisions_fixed BEFORE UPDATE OR DELETE ON plan_revisions
  FOR EACH ROW EXECUTE FUNCTION plan_revisions_fixed();
CREATE TRIGGER plan_revisions_no_truncate BEFORE TRUNCATE ON plan_revisions
  FOR EACH STATEMENT EXECUTE FUNCTION plan_revisions_fixed();
