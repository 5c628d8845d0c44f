package statements

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/ent/db/predicate"
	"portico/ent/db/statement"
	"portico/ent/db/statementline"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// month is what a statement is of.
type month struct {
	OrganizationID uuid.UUID `json:"organization_id"`
	AccountID      uuid.UUID `json:"account_id"`
	PeriodStart    time.Time `json:"period_start"`
	Currency       string    `json:"currency"`
	Lines          int       `json:"lines"`
	Settled        int       `json:"settled"`
}

// close closes the months that are over and settled, and returns how many statements that
// makes. Each is a transaction of its own.
func (svc *Service) close(ctx context.Context) (closed int, err error) {
	var all []month
	err = svc.Client.StatementLine.Query().Where(statementline.StatementIDIsNil(), statementline.PeriodEndLTE(svc.Clock.Now().Add(-Lag))).
		GroupBy(statementline.FieldOrganizationID, statementline.FieldAccountID, statementline.FieldPeriodStart, statementline.FieldCurrency).
		Aggregate(db.As(db.Count(), "lines"), func(s *sql.Selector) string { return sql.As(sql.Count(s.C(statementline.FieldAmount)), "settled") }).
		Scan(viewer.AsSystem(ctx, uuid.Nil), &all)
	if err != nil {
		return 0, change.PublicError(err)
	}
	var errs []error
	for _, m := range all {
		if m.Settled < m.Lines {
			continue
		}
		made, err := change.Write(viewer.AsSystem(ctx, m.OrganizationID), svc.Changes, func(ctx context.Context, tx *change.Tx) (int, error) { return closeMonth(ctx, tx, m) })
		closed += made
		errs = append(errs, err)
	}
	return closed, errors.Join(errs...)
}

// closeMonth makes the statement of a month, unless another server has made it, or a line is
// not settled. It returns how many it has made.
func closeMonth(ctx context.Context, tx *change.Tx, m month) (int, error) {
	// Who has nothing to close keeps no other waiting for the organization's row.
	if lines, err := settled(ctx, tx, m); err != nil || len(lines) == 0 {
		return 0, err
	}
	number, err := nextNumber(ctx, tx)
	if err != nil {
		return 0, err
	}
	lines, err := settled(ctx, tx, m)
	if err != nil || len(lines) == 0 {
		return 0, err
	}
	amount, err := sumOf(lines, m.Currency)
	if err != nil {
		return 0, err
	}
	name, err := accountName(ctx, tx, m.AccountID)
	if err != nil {
		return 0, err
	}
	made, err := tx.Statement.Create().SetOrganizationID(m.OrganizationID).SetCreatedAt(tx.Now).SetNumber(number).SetAccountID(m.AccountID).SetAccountName(name).
		SetPeriodStart(m.PeriodStart).SetPeriodEnd(lines[0].PeriodEnd).SetCurrency(m.Currency).SetAmount(amount).SetLineCount(len(lines)).Save(ctx)
	if err != nil {
		return 0, err
	}
	// A trigger counts them: a line that was added meanwhile undoes all of it.
	if err := tx.StatementLine.Update().Where(linesOf(m)...).SetStatementID(made.ID).Exec(ctx); err != nil {
		return 0, err
	}
	tx.Record(event(eventlog.StatementClosed, made, change.Attributes("number", made.Number, "periodStart", made.PeriodStart, "amount", made.Amount, "currency", made.Currency)))
	return 1, nil
}

// linesOf are the conditions of the lines of a month that is not closed.
func linesOf(m month) []predicate.StatementLine {
	return []predicate.StatementLine{statementline.AccountID(m.AccountID), statementline.StatementIDIsNil(), statementline.PeriodStart(m.PeriodStart), statementline.Currency(m.Currency)}
}

// settled returns the lines of a month; none if one of them is not settled.
func settled(ctx context.Context, tx *change.Tx, m month) ([]*db.StatementLine, error) {
	// What runs and is not cut yet may still begin a line of the month.
	behind, err := tx.StatementLine.Query().Where(statementline.AccountID(m.AccountID), statementline.StatementIDIsNil(), statementline.EndedAtIsNil(), statementline.PeriodEndLTE(tx.Now)).Exist(ctx)
	if err != nil || behind {
		return nil, err
	}
	lines, err := tx.StatementLine.Query().Where(linesOf(m)...).Select(statementline.FieldAmount, statementline.FieldPeriodEnd).All(ctx)
	if slices.ContainsFunc(lines, func(l *db.StatementLine) bool { return l.Amount == nil }) {
		return nil, err
	}
	return lines, err
}

// sumOf adds up the amounts of lines.
func sumOf(lines []*db.StatementLine, currency string) (string, error) {
	sum := new(big.Rat)
	for _, l := range lines {
		amount, ok := new(big.Rat).SetString(*l.Amount)
		if !ok {
			return "", errors.New("statements: an amount is no number")
		}
		sum.Add(sum, amount)
	}
	return sum.FloatString(input.Digits(currency)), nil
}

// nextNumber returns the number of the organization's next statement. It locks the
// organization until the transaction ends, so that there is no gap and no number twice.
func nextNumber(ctx context.Context, tx *change.Tx) (int, error) {
	if _, err := change.LockForUpdate(tx, tx.Organization.Query().Where(organization.ID(tx.OrganizationID()))).OnlyID(viewer.AsSystem(ctx, tx.OrganizationID())); err != nil {
		return 0, err
	}
	last, err := tx.Statement.Query().Order(statement.ByNumber(sql.OrderDesc())).Select(statement.FieldNumber).First(viewer.AsSystem(ctx, tx.OrganizationID()))
	if db.IsNotFound(err) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	return last.Number + 1, nil
}

// accountName returns the name of an account; "" once its data are removed.
func accountName(ctx context.Context, tx *change.Tx, id uuid.UUID) (string, error) {
	a, err := tx.Account.Get(ctx, id)
	if db.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.Name, nil
}

func event(t eventlog.Type, s *db.Statement, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Statement, SubjectID: s.ID, SubjectName: s.AccountName, AccountID: &s.AccountID, Changes: changes}
}
