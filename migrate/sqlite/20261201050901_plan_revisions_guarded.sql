-- Create index "subscription_live_terms" to table: "subscriptions"
CREATE INDEX `subscription_live_terms` ON `subscriptions` (`plan_id`, `plan_revision_id`, `created_at`, `id`, `deleted_at`) WHERE status IN ('WAITING', 'APPROVED', 'SUSPENDED');
-- Subscriptions refer to what was agreed to, for ever: no plan is deleted, and nothing purges revisions.
-- REPLACE deletes without firing the triggers on DELETE: it is refused as well.
CREATE TRIGGER plan_revisions_no_update BEFORE UPDATE ON plan_revisions
BEGIN
  SELECT RAISE(ABORT, 'a revision of a plan is never changed');
END;
CREATE TRIGGER plan_revisions_no_delete BEFORE DELETE ON plan_revisions
BEGIN
  SELECT RAISE(ABORT, 'a revision of a plan is never changed');
END;
CREATE TRIGGER plan_revisions_no_replace BEFORE INSERT ON plan_revisions
WHEN EXISTS (SELECT 1 FROM plan_revisions WHERE id = NEW.id OR (plan_id = NEW.plan_id AND number = NEW.number))
BEGIN
  SELECT RAISE(ABORT, 'a revision of a plan is never changed');
END;
