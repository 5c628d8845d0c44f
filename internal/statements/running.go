package statements

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/statementline"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/usage"
	"portico/internal/viewer"
)

const (
	// maxRunning is how many lines that are not closed are computed for one account.
	maxRunning = 5000
	// maxShown is how many of them a running statement shows.
	maxShown = paging.Max
	// MaxRunning is how many statements of an account that run are answered: one a month and
	// currency.
	MaxRunning = 10
)

// RunningStatement is what an account's subscriptions have cost so far in a month that is not
// closed, in one currency.
type RunningStatement struct {
	PeriodStart, PeriodEnd time.Time
	Currency, Amount       string
	LineCount              int
	// Lines are the first of them, with their calls and amounts so far.
	Lines []*db.StatementLine
	AsOf  time.Time
}

// First returns the first lines, at least one and at most 100.
func (s *RunningStatement) First(n int) ([]*db.StatementLine, error) {
	w, err := paging.Args{First: &n}.Window()
	if err != nil {
		return nil, err
	}
	return s.Lines[:min(w.Limit, len(s.Lines))], nil
}

// Running computes the statements of an account that are not closed, as if their months ended
// now, by the calls counted so far. It stores nothing. A developer's account need not be named.
func (svc *Service) Running(ctx context.Context, accountID *string) ([]*RunningStatement, error) {
	account, err := svc.accountOf(ctx, accountID)
	if err != nil {
		return nil, err
	}
	lines, err := svc.Client.StatementLine.Query().Where(statementline.AccountID(account), statementline.StatementIDIsNil()).
		Order(statementline.ByCreatedAt(), statementline.ByID()).Limit(maxRunning + 1).All(ctx)
	if err != nil || len(lines) == 0 {
		return []*RunningStatement{}, change.PublicError(err)
	}
	if len(lines) > maxRunning {
		return nil, fault.New(fault.CodeTooLarge, fault.ReasonAnswerSize, fmt.Sprintf("The account has more than %d lines that are not closed; each is read once its statement is.", maxRunning))
	}
	closed, err := svc.closedOf(ctx, account, lines)
	if err != nil {
		return nil, err
	}
	now := svc.Clock.Now()
	asOf, err := svc.countSoFar(ctx, lines, now)
	if err != nil {
		return nil, err
	}
	out := runningOf(lines, closed, now, asOf)
	if len(out) > MaxRunning {
		return nil, fault.New(fault.CodeTooLarge, fault.ReasonAnswerSize, fmt.Sprintf("The account has more than %d months and currencies that are not closed; each is read once its statement is.", MaxRunning))
	}
	return out, nil
}

// accountOf returns the account that is asked about: one that the viewer sees, or its own.
func (svc *Service) accountOf(ctx context.Context, id *string) (uuid.UUID, error) {
	v := viewer.Current(ctx)
	if id == nil && v.ActsForOrganization() {
		return uuid.Nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Name the account.")
	}
	if id == nil {
		return v.AccountID, nil
	}
	account, err := input.DecodeID(nodeid.Account, *id)
	if err != nil {
		return uuid.Nil, err
	}
	found, err := svc.Entities.AccountsByID(ctx, []uuid.UUID{account}, []string{listing.IDColumn})
	if err == nil && found[account] == nil {
		err = fault.NotFound()
	}
	return account, err
}

// endBy returns until when a line is charged by a time.
func endBy(l *db.StatementLine, now time.Time) time.Time {
	if l.EndedAt != nil {
		return *l.EndedAt
	}
	return earlier(now, l.PeriodEnd)
}

// countSoFar adds the calls that are not counted yet to lines, and returns up to when those
// are complete.
func (svc *Service) countSoFar(ctx context.Context, lines []*db.StatementLine, now time.Time) (time.Time, error) {
	organization := lines[0].OrganizationID
	system := viewer.AsSystem(ctx, organization)
	in, err := zoneOf(system, svc.Client.Organization, organization)
	if err != nil {
		return time.Time{}, change.PublicError(err)
	}
	var of []usage.Of
	var open []*db.StatementLine
	var until []time.Time
	followed := followers(lines)
	for _, l := range lines {
		// The running minute counts, too.
		to := usage.Minute.Ceil(endBy(l, now), time.UTC)
		if l.EndedAt != nil {
			to = endOfCalls(l, followed[l.ID])
		}
		if l.Amount == nil {
			open, of, until = append(open, l), append(of, between(l, to)), append(until, to)
		}
	}
	calls, asOf, err := svc.Calls.CallsOf(system, organization, in, of)
	if err != nil {
		return time.Time{}, err
	}
	for i, l := range open {
		l.Calls = counted(l, until[i], calls[i])
	}
	return asOf, nil
}

// runningOf charges lines, which are in their order as those of closed months are, and adds
// them up by month and currency.
func runningOf(lines, closed []*db.StatementLine, now, asOf time.Time) (out []*RunningStatement) {
	type key struct {
		month    time.Time
		currency string
	}
	used, at, sums := usedCalls{}, map[key]*RunningStatement{}, map[*RunningStatement]*big.Rat{}
	for _, l := range lines {
		for len(closed) > 0 && closed[0].StartedAt.Before(l.StartedAt) {
			used.add(closed[0])
			closed = closed[1:]
		}
		k := key{l.PeriodStart.UTC(), l.Currency}
		if l.Amount == nil {
			l.CallsBefore = used.before(l)
			c := chargeOf(l, l.CallsBefore, l.Calls, later(endBy(l, now), l.StartedAt))
			l.Charge, l.Amount = c.Lines, &c.Amount
		}
		used.add(l)
		s := at[k]
		if s == nil {
			s = &RunningStatement{PeriodStart: l.PeriodStart, PeriodEnd: l.PeriodEnd, Currency: l.Currency, Lines: []*db.StatementLine{}, AsOf: asOf}
			at[k], sums[s] = s, new(big.Rat)
			out = append(out, s)
		}
		if amount, ok := new(big.Rat).SetString(*l.Amount); ok {
			sums[s].Add(sums[s], amount)
		}
		if s.LineCount++; len(s.Lines) < maxShown {
			s.Lines = append(s.Lines, l)
		}
	}
	for s, sum := range sums {
		s.Amount = sum.FloatString(input.Digits(s.Currency))
	}
	return out
}

// Charges returns what the amount of a line is made of; nil if it has none yet.
func Charges(l *db.StatementLine) []*domain.ChargeLine {
	if l.Amount == nil {
		return nil
	}
	out := make([]*domain.ChargeLine, len(l.Charge))
	for i := range l.Charge {
		out[i] = &l.Charge[i]
	}
	return out
}
