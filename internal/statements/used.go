package statements

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/statement"
	"portico/ent/db/statementline"
	"portico/internal/change"
	"portico/internal/usage"
)

// sameMonth is less than what is between the beginnings of two months, and more than between
// those of one month in two time zones: at most 26 hours.
const sameMonth = 48 * time.Hour

// callsBefore returns the calls of the same account, app and product on earlier lines of the
// month, whatever their plans, and whichever time zone the month was of; ok is false while one
// of them is not settled.
func callsBefore(ctx context.Context, tx *change.Tx, l *db.StatementLine) (n int64, ok bool, err error) {
	before, err := tx.StatementLine.Query().Where(statementline.AccountID(l.AccountID), statementline.AppID(l.AppID), statementline.ProductID(l.ProductID),
		statementline.PeriodStartGT(l.PeriodStart.Add(-sameMonth)), statementline.PeriodStartLT(l.PeriodStart.Add(sameMonth)),
		statementline.Or(statementline.StartedAtLT(l.StartedAt), statementline.And(statementline.StartedAt(l.StartedAt), statementline.IDLT(l.ID)))).
		Select(statementline.FieldCalls, statementline.FieldAmount).All(ctx)
	for _, b := range before {
		if b.Amount == nil {
			return 0, false, err
		}
		n = usage.Add(n, b.Calls)
	}
	return n, true, err
}

// usedCalls are an account's calls by app and product, and by the beginnings of months.
type usedCalls map[[2]uuid.UUID]map[time.Time]int64

// add adds a line's calls.
func (u usedCalls) add(l *db.StatementLine) {
	of := [2]uuid.UUID{l.AppID, l.ProductID}
	if u[of] == nil {
		u[of] = map[time.Time]int64{}
	}
	u[of][l.PeriodStart.UTC()] = usage.Add(u[of][l.PeriodStart.UTC()], l.Calls)
}

// before returns what callsBefore does, of the lines that were added.
func (u usedCalls) before(l *db.StatementLine) (n int64) {
	for month, calls := range u[[2]uuid.UUID{l.AppID, l.ProductID}] {
		if month.Sub(l.PeriodStart).Abs() < sameMonth {
			n = usage.Add(n, calls)
		}
	}
	return n
}

// closedOf returns the lines of an account's closed months that are also those of lines which
// are not closed: in another currency, or in the time zone that the organization had.
func (svc *Service) closedOf(ctx context.Context, account uuid.UUID, open []*db.StatementLine) ([]*db.StatementLine, error) {
	first := open[0].PeriodStart
	for _, l := range open {
		first = earlier(first, l.PeriodStart)
	}
	closed, err := svc.Client.Statement.Query().Where(statement.AccountID(account), statement.PeriodStartGT(first.Add(-sameMonth)), statement.CorrectsIDIsNil()).IDs(ctx)
	if err != nil || len(closed) == 0 {
		return nil, change.PublicError(err)
	}
	lines, err := svc.Client.StatementLine.Query().Where(statementline.StatementIDIn(closed...)).Order(statementline.ByStartedAt()).Limit(maxRunning).
		Select(statementline.FieldAppID, statementline.FieldProductID, statementline.FieldPeriodStart, statementline.FieldStartedAt, statementline.FieldCalls).All(ctx)
	return lines, change.PublicError(err)
}
