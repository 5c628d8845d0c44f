package statements

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/statement"
	"portico/ent/db/statementline"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
)

// StatementFilter narrows a list of statements; what is nil does not.
type StatementFilter struct {
	AccountIDs, Currencies []string
	// PeriodFrom and PeriodBefore bound the beginning of the month.
	PeriodFrom, PeriodBefore *time.Time
	// Corrects are the statements that are corrected.
	Corrects []string
}

// Statements returns a page of the statements that the viewer may see.
func (svc *Service) Statements(ctx context.Context, f StatementFilter, o listing.Order, r listing.Request) (*paging.Page[*db.Statement], error) {
	return listing.ReadPage(ctx, svc.Entities.Lists, entity.StatementList(), listing.Filtered(f, svc.statementQuery), o, r)
}

func (svc *Service) statementQuery(f StatementFilter) listing.Query[*db.Statement] {
	q := svc.Client.Statement.Query()
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(statement.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	if f.Currencies != nil {
		q.Where(statement.CurrencyIn(known(f.Currencies)...))
	}
	if f.PeriodFrom != nil {
		q.Where(statement.PeriodStartGTE(*f.PeriodFrom))
	}
	if f.PeriodBefore != nil {
		q.Where(statement.PeriodStartLT(*f.PeriodBefore))
	}
	if f.Corrects != nil {
		q.Where(database.AnyOf(statement.FieldCorrectsID, input.DecodeIDs(nodeid.Statement, f.Corrects)))
	}
	return q
}

// known returns the currencies among some texts: no other is compared with a column.
func known(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return input.CheckCurrency("currencies", s) != nil })
}

// StatementsOfAccounts returns a page of the statements of each of the accounts.
func (svc *Service) StatementsOfAccounts(ctx context.Context, accounts []uuid.UUID, r listing.Request) (listing.Pages[*db.Statement], error) {
	ch := listing.Children[*db.Statement]{List: entity.StatementList(), Column: statement.FieldAccountID, Parent: func(s *db.Statement) uuid.UUID { return s.AccountID }}
	return listing.ReadPages(ctx, svc.Entities.Lists, ch, listing.All(func() listing.Query[*db.Statement] { return svc.Client.Statement.Query() }), accounts, listing.Order{}, r)
}

// StatementLineFilter narrows a list of lines; what is nil does not.
type StatementLineFilter struct {
	StatementIDs, AccountIDs []string
	// PeriodFrom and PeriodBefore bound the beginning of the month.
	PeriodFrom, PeriodBefore *time.Time
}

// StatementLines returns a page of the lines of closed statements that the viewer may see.
func (svc *Service) StatementLines(ctx context.Context, f StatementLineFilter, o listing.Order, r listing.Request) (*paging.Page[*db.StatementLine], error) {
	return listing.ReadPage(ctx, svc.Entities.Lists, entity.StatementLineList(), listing.Filtered(f, svc.lineQuery), o, r)
}

func (svc *Service) lineQuery(f StatementLineFilter) listing.Query[*db.StatementLine] {
	q := svc.Client.StatementLine.Query().Where(statementline.StatementIDNotNil())
	if f.StatementIDs != nil {
		q.Where(database.AnyOf(statementline.FieldStatementID, input.DecodeIDs(nodeid.Statement, f.StatementIDs)))
	}
	if f.AccountIDs != nil {
		q.Where(database.AnyOf(statementline.FieldAccountID, input.DecodeIDs(nodeid.Account, f.AccountIDs)))
	}
	if f.PeriodFrom != nil {
		q.Where(statementline.PeriodStartGTE(*f.PeriodFrom))
	}
	if f.PeriodBefore != nil {
		q.Where(statementline.PeriodStartLT(*f.PeriodBefore))
	}
	return q
}
