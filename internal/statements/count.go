package statements

import (
	"context"
	"errors"
	"math/big"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/statementline"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// count counts the calls of lines that are due, settles those that have ended, and returns how
// many it has settled.
func (svc *Service) count(ctx context.Context) (settled int, err error) {
	var errs []error
	var failed []uuid.UUID
	for ctx.Err() == nil {
		// The earlier line of an app and product first: what it used up is not the later one's.
		due, err := svc.Client.StatementLine.Query().Where(statementline.CountDueAtLTE(svc.Clock.Now()), statementline.OrganizationIDNotIn(failed...)).
			Order(statementline.ByCountDueAt(), statementline.ByStartedAt(), statementline.ByID()).Limit(batchSize).All(viewer.AsSystem(ctx, uuid.Nil))
		if err != nil || len(due) == 0 {
			return settled, errors.Join(append(errs, change.PublicError(err))...)
		}
		of := map[uuid.UUID][]*db.StatementLine{}
		for _, l := range due {
			of[l.OrganizationID] = append(of[l.OrganizationID], l)
		}
		for organization, lines := range of {
			n, err := svc.countOf(viewer.AsSystem(ctx, organization), organization, lines)
			if settled += n; err != nil {
				errs, failed = append(errs, err), append(failed, organization)
			}
		}
	}
	return settled, errors.Join(append(errs, ctx.Err())...)
}

// countOf counts the calls of an organization's lines.
func (svc *Service) countOf(ctx context.Context, organization uuid.UUID, lines []*db.StatementLine) (int, error) {
	in, err := zoneOf(ctx, svc.Client.Organization, organization)
	if err != nil {
		return 0, change.PublicError(err)
	}
	limit := svc.Clock.Now().Add(-Lag)
	of, until := make([]usage.Of, len(lines)), make([]reach, len(lines))
	for i, l := range lines {
		if until[i], err = svc.reachOf(ctx, l, limit, in); err != nil {
			return 0, change.PublicError(err)
		}
		of[i] = between(l, until[i].to)
	}
	calls, asOf, err := svc.Calls.CallsOf(ctx, organization, in, of)
	if err != nil {
		return 0, err
	}
	if asOf.Before(limit.Add(time.Minute)) { // a server has not stored all yet
		return 0, errors.New("statements: counts of calls are incomplete since " + asOf.Format(time.RFC3339))
	}
	return change.Write(ctx, svc.Changes, func(ctx context.Context, tx *change.Tx) (settled int, err error) {
		for i, l := range lines {
			done, err := addCalls(ctx, tx, l, until[i], calls[i], in)
			if err != nil {
				return 0, err
			}
			if done {
				settled++
			}
		}
		return settled, nil
	})
}

// between asks for the calls by which a line's count changes when it reaches to another time.
func between(l *db.StatementLine, until time.Time) usage.Of {
	return usage.Of{Account: l.AccountID, App: l.AppID, Product: l.ProductID, From: earlier(l.CountedUntil, until), To: later(l.CountedUntil, until)}
}

// counted returns a line's count with the calls between its own time and another one.
func counted(l *db.StatementLine, until time.Time, calls int64) int64 {
	if until.Before(l.CountedUntil) {
		return max(l.Calls-calls, 0)
	}
	return usage.Add(l.Calls, calls)
}

// addCalls adds calls to a line, unless another server has done so, and settles it if it has
// ended and they are the last.
func addCalls(ctx context.Context, tx *change.Tx, read *db.StatementLine, until reach, calls int64, in *time.Location) (settled bool, err error) {
	l, err := change.LockRowForUpdate(ctx, tx, tx.StatementLine, read.ID)
	if db.IsNotFound(err) { // it was empty
		return false, nil
	}
	if err != nil || l.CountDueAt == nil || !l.CountedUntil.Equal(read.CountedUntil) {
		return false, err
	}
	if until.last && !l.EndedAt.Equal(*read.EndedAt) { // it has come to light that it ended earlier
		return false, nil
	}
	calls = counted(l, until.to, calls)
	u := tx.StatementLine.UpdateOne(l).SetCalls(calls).SetCountedUntil(until.to)
	if !until.last {
		due := countedNext(until.to, in).Add(Lag)
		if l.EndedAt != nil {
			due = earlier(due, l.EndedAt.Add(Lag))
		}
		return false, u.SetCountDueAt(due).Exec(ctx)
	}
	before, ok, err := callsBefore(ctx, tx, l)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, u.SetCountDueAt(tx.Now.Add(time.Minute)).Exec(ctx)
	}
	c := chargeOf(l, before, calls, *l.EndedAt)
	return true, u.ClearCountDueAt().SetCallsBefore(before).SetCharge(c.Lines).SetAmount(c.Amount).Exec(ctx)
}

// chargeOf returns what a line costs that ends at a time.
func chargeOf(l *db.StatementLine, before, calls int64, end time.Time) *domain.Charge {
	share := new(big.Rat)
	if end.After(l.StartedAt) {
		share = domain.ShareOf(l.StartedAt, end, l.PeriodStart, l.PeriodEnd)
	}
	return domain.ChargeOfPart(l.Kind, l.Price, domain.Part{Before: int(before), Calls: int(calls), Share: share}, input.Digits(l.Currency))
}
