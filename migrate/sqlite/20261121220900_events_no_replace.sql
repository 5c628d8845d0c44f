-- REPLACE deletes without firing the triggers on DELETE: refuse it as well.
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id
  OR (organization_id = NEW.organization_id AND position = NEW.position))
BEGIN
  SELECT RAISE(ABORT, 'the event log is append-only');
END;
