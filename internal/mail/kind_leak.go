package mail

import (
	"context"
	"time"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// leakReported is of a key that is known to others. The first report of a day is told at
// once. Further ones, of other places, are told together when the day is over, unless the
// key is revoked by then: strangers cause at most two letters about a key and day.
func leakReported() kind {
	k := only(aboutKey(domain.MailLeakReported, eventlog.CredentialRevoked, func(e *db.Event, c *db.Credential, now time.Time, f *Facts) bool {
		f.When, f.Actor, f.Holder, f.Reason = e.At, actorFor(e), byNobody(e), e.Reason
		f.Found, f.Place = isReport(e), oneLine(changed(e, "url"))
		f.Valid = f.Found && c.Status.At(now, c.ExpiresAt) == access.CredentialActive
		f.Refused = f.Found && !f.Valid && c.Status != access.CredentialRevoked
		return true
	}), func(e *db.Event) bool { return isReport(e) || leaked(e) && !reported(e) })
	k.events = append(k.events, eventlog.CredentialLeakReported)
	k.cause = func(e *db.Event) string {
		if isReport(e) {
			return "leak " + e.SubjectID.String() + " " + leakDay(e).Format(time.DateOnly)
		}
		return e.ID.String()
	}
	k.gathered = func(ctx context.Context, r *reader, e *db.Event) (time.Time, error) {
		if first, err := firstReport(ctx, r, e); err != nil || first {
			return time.Time{}, err
		}
		return leakDay(e).Add(day), nil
	}
	first := k.facts
	k.facts = func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
		f, ok, err := first(ctx, r, e)
		if err != nil || !ok || !isReport(e) {
			return f, ok, err
		}
		return furtherReports(ctx, r, e, f)
	}
	return k
}

// isReport reports whether an event says that an API key was reported as leaked.
func isReport(e *db.Event) bool { return eventlog.Type(e.Type) == eventlog.CredentialLeakReported }

// leakDay returns when the day of a report began: days are those of UTC, as in the event
// log's own bound.
func leakDay(e *db.Event) time.Time { return dayOf(e.At) }

// dayOf returns when the day of a time began, in UTC.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

// reportsOfDay matches the reports of a key on the day of one of them.
func reportsOfDay(r *reader, e *db.Event) *db.EventQuery {
	return r.client.Event.Query().Where(event.SubjectID(e.SubjectID), event.Type(e.Type), event.AtGTE(leakDay(e)), event.AtLT(leakDay(e).Add(day)))
}

// firstReport reports whether an event is no report, or the first one of its key and day.
func firstReport(ctx context.Context, r *reader, e *db.Event) (bool, error) {
	if !isReport(e) {
		return true, nil
	}
	earlier, err := reportsOfDay(r, e).Where(event.PositionLT(e.Position)).Exist(ctx)
	return !earlier, err
}

// furtherReports adds to the facts about a key what was reported after the day's first
// report. Of a revoked key there is nothing to say any more.
func furtherReports(ctx context.Context, r *reader, e *db.Event, f Facts) (Facts, bool, error) {
	first, err := firstReport(ctx, r, e)
	if err != nil || first {
		return f, err == nil, err
	}
	all, err := reportsOfDay(r, e).Where(event.PositionGTE(e.Position)).Order(event.ByPosition()).All(ctx)
	if err != nil {
		return f, false, err
	}
	f.Again, f.Place, f.Reason = len(all), "", ""
	for _, one := range all {
		if place := oneLine(changed(one, "url")); place != "" {
			f.Places = append(f.Places, place)
		}
	}
	return f, f.Valid || f.Refused, nil
}
