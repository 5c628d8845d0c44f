package statements

import (
	"context"
	"time"

	"portico/ent/db"
	"portico/internal/change"
)

// beginLine makes a line like another one, of the month of its beginning, with the names of
// that time.
func beginLine(system context.Context, tx *change.Tx, like *db.StatementLine, at time.Time, in *time.Location) (*db.StatementLine, error) {
	names, err := namesOf(system, tx, like)
	if err != nil {
		return nil, err
	}
	from, to := monthOf(at, in)
	counted := minuteOf(at)
	return tx.StatementLine.Create().SetOrganizationID(like.OrganizationID).SetAccountID(like.AccountID).SetSubscriptionID(like.SubscriptionID).
		SetAppID(like.AppID).SetAppName(names.app).SetProductID(like.ProductID).SetProductName(names.product).
		SetPlanID(like.PlanID).SetPlanName(names.plan).SetKind(like.Kind).SetPrice(like.Price).SetCurrency(like.Currency).
		SetCreatedAt(at).SetStartedAt(at).SetPeriodStart(from).SetPeriodEnd(to).
		SetCountedUntil(counted).SetCountDueAt(countedNext(counted, in).Add(Lag)).Save(system)
}

// names are those of what a line is about.
type names struct{ app, product, plan string }

// namesOf returns the present names of what a line is about, and the line's own of what is
// not there any more.
func namesOf(system context.Context, tx *change.Tx, l *db.StatementLine) (names, error) {
	out := names{l.AppName, l.ProductName, l.PlanName}
	a, err := tx.App.Get(system, l.AppID)
	if err == nil {
		out.app = a.Name
	} else if !db.IsNotFound(err) {
		return out, err
	}
	p, err := tx.Product.Get(system, l.ProductID)
	if err == nil {
		out.product = p.Name
	} else if !db.IsNotFound(err) {
		return out, err
	}
	by, err := tx.Plan.Get(system, l.PlanID)
	if err == nil {
		out.plan = by.Name
	} else if !db.IsNotFound(err) {
		return out, err
	}
	return out, nil
}

// cut ends a line at the end of its month, and goes on with it in the next one, until it is
// in the month of a time.
func cut(system context.Context, tx *change.Tx, line *db.StatementLine, at time.Time, in *time.Location) (err error) {
	for err == nil && !line.PeriodEnd.After(at) {
		line, err = next(system, tx, line, in)
	}
	return err
}

// next ends a line at the end of its month, and returns the one that goes on in the next.
func next(system context.Context, tx *change.Tx, line *db.StatementLine, in *time.Location) (*db.StatementLine, error) {
	if err := end(system, tx, line, line.PeriodEnd); err != nil {
		return nil, err
	}
	return beginLine(system, tx, line, line.PeriodEnd, in)
}

// stop ends a line that is not to run since a time, and returns when it has ended: at its
// beginning, if that is later. Of a line that would be empty nothing stays.
func stop(system context.Context, tx *change.Tx, line *db.StatementLine, at time.Time, in *time.Location) (_ time.Time, err error) {
	for line.PeriodEnd.Before(at) {
		if line, err = next(system, tx, line, in); err != nil {
			return at, err
		}
	}
	if !at.After(line.StartedAt) {
		return line.StartedAt, tx.StatementLine.DeleteOne(line).Exec(system)
	}
	return at, end(system, tx, line, at)
}

// end ends a line.
func end(system context.Context, tx *change.Tx, line *db.StatementLine, at time.Time) error {
	return tx.StatementLine.UpdateOne(line).SetEndedAt(at).SetCountDueAt(earlier(*line.CountDueAt, at.Add(Lag))).Exec(system)
}
