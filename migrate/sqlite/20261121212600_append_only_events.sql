-- The event log is append-only. Rows leave it only inside a purge, which says
-- so by a row in leases that no other transaction ever sees.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'the event log is append-only');
END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM leases WHERE id = 'purging-events')
BEGIN
  SELECT RAISE(ABORT, 'the event log is append-only');
END;
-- REPLACE deletes without firing the triggers on DELETE: refuse it as well.
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id
  OR (organization_id = NEW.organization_id AND position = NEW.position))
BEGIN
  SELECT RAISE(ABORT, 'the event log is append-only');
END;
