package apps

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

const (
	// leakPause is after what time reports are looked for that another server has left.
	leakPause = time.Minute
	// leakBatch is how many are read at a time.
	leakBatch = 100
	// maxLeakEvents is how many reports of a key a day are recorded, wherever it was found.
	maxLeakEvents = 10
)

// leakReport is a row of leak_reports.
type leakReport struct {
	id                                           uuid.UUID
	credential                                   *uuid.UUID
	reporter, url, source, note, client, request string
}

// RunLeakReports works on reports of leaked keys until ctx ends: at once on those that this
// server takes, and in between on those that another one has left.
func (svc *Service) RunLeakReports(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(leakPause)
	defer tick.Stop()
	for {
		if err := svc.AnswerLeakReports(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "reports of leaked keys wait, because they could not be worked on", seldom.Line(seldom.LeakReports), "error", err)
		}
		select {
		case <-svc.leaks.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// AnswerLeakReports does what follows from the reports that wait. Each is worked on and
// deleted in one transaction: a crash leaves it to be worked on again, and of two servers
// that take the same one, the second finds it gone.
func (svc *Service) AnswerLeakReports(ctx context.Context) error {
	var errs []error
	for after := (uuid.UUID{}); ; { // those that fail keep no others waiting
		waiting, err := svc.waitingLeaks(ctx, after)
		if err != nil || len(waiting) == 0 {
			return errors.Join(append(errs, err)...)
		}
		for _, r := range waiting {
			if err := svc.answerLeak(ctx, r); err != nil {
				errs = append(errs, err)
			}
			after = r.id
		}
	}
}

// waitingLeaks returns the oldest reports after one: their ids follow their times.
func (svc *Service) waitingLeaks(ctx context.Context, after uuid.UUID) (out []leakReport, err error) {
	rows, err := svc.client.QueryContext(ctx, `SELECT id, credential_id, reporter, url, source, note, client, request_id FROM leak_reports WHERE id > $1 ORDER BY id LIMIT $2`, after, leakBatch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r leakReport
		if err := rows.Scan(&r.id, &r.credential, &r.reporter, &r.url, &r.source, &r.note, &r.client, &r.request); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// answerLeak does what follows from a report: nothing, if there is no such key.
func (svc *Service) answerLeak(ctx context.Context, r leakReport) error {
	var c *db.Credential
	if r.credential != nil {
		found, err := svc.client.Credential.Get(viewer.AsSystem(ctx, uuid.Nil), *r.credential)
		if err != nil && !db.IsNotFound(err) {
			return err
		}
		c = found
	}
	if c == nil {
		mine, err := takeLeak(ctx, svc.client, r)
		if mine {
			svc.leaks.count(reportedBy(r.reporter), LeakUnknown)
		}
		return err
	}
	var came LeakOutcome // of it; none if another server has taken it
	finder := strangerOf(c, r.reporter, viewer.Viewer{Address: r.client, RequestID: r.request})
	err := change.Exec(viewer.NewContext(ctx, finder), svc.changes, func(ctx context.Context, tx *change.Tx) error {
		came = ""
		if mine, err := takeLeak(ctx, tx, r); err != nil || !mine {
			return err
		}
		c, err := lockHeld(ctx, tx, c)
		if db.IsNotFound(err) {
			came = LeakUnknown
			return nil
		}
		if err != nil || c.Status == access.CredentialRevoked {
			came = LeakRevokedBefore
			return err // of a revoked key nobody needs to be told
		}
		came, err = recordLeak(ctx, tx, c, r)
		return err
	})
	if err == nil && came != "" {
		svc.leaks.count(reportedBy(r.reporter), came)
	}
	return err
}

// takeLeak deletes a report, and reports whether nobody else has.
func takeLeak(ctx context.Context, tx eventlog.Tx, r leakReport) (bool, error) {
	out, err := tx.ExecContext(ctx, `DELETE FROM leak_reports WHERE id = $1`, r.id)
	if err != nil {
		return false, err
	}
	n, err := out.RowsAffected()
	return n == 1, err
}

// recordLeak records that a key has leaked, and revokes it where the organization wants
// that. A place is recorded once a day, and only so many of them.
func recordLeak(ctx context.Context, tx *change.Tx, c *db.Credential, r leakReport) (LeakOutcome, error) {
	system, day := viewer.AsSystem(ctx, c.OrganizationID), tx.Now.UTC().Truncate(24*time.Hour)
	e := CredentialEvent(eventlog.CredentialLeakReported, c, change.Attributes("url", given(r.url), "source", given(r.source)))
	e.Reason = r.note
	today, err := tx.Event.Query().Where(event.SubjectID(c.ID), event.Type(string(eventlog.CredentialLeakReported)), event.AtGTE(day)).All(system)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(today, func(e *db.Event) bool { return placeOf(e) == r.url }) && len(today) < maxLeakEvents {
		tx.Record(e)
	}
	o, err := tx.Organization.Get(system, c.OrganizationID)
	if err != nil || o.LeakedKeys != domain.RevokeLeaked {
		return LeakTold, err
	}
	return LeakRevoked, revokeAll(system, tx, []*db.Credential{c}, domain.KeyCompromise, "It was reported as leaked.")
}

// placeOf returns where a report says that a key was found; "" if it does not.
func placeOf(e *db.Event) string {
	for _, c := range e.Changes {
		if c.Field == "url" && c.After != nil {
			return *c.After
		}
	}
	return ""
}

// given returns what was said; nil if nothing was.
func given(text string) any {
	if text == "" {
		return nil
	}
	return text
}
