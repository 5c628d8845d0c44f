package graph_test

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/statement"
	"portico/ent/db/subscription"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/statements"
	"portico/internal/viewer"
)

// Statement is what the matrix knows of statements.
func (nouns) Statement() noun {
	return noun{
		prefix: "stmt", list: sorted{list: "statements"}, fields: statementFields(),
		values: map[string]any{"RunningStatement": statements.RunningStatement{}},
		questions: map[string]question{
			"Statement":                  of("Statement", "statement", ""),
			"Statement: a correction":    of("Statement", "correction", ""),
			"StatementConnection":        plain("{ statements { %s } }", "statements"),
			"StatementEdge":              plain("{ statements { edges { %s } } }", "statements.edges"),
			"RunningStatement":           {document: "query($id: ID!) { runningStatements(accountId: $id) { %s } }", specimen: "account", at: "runningStatements"},
			"Query.statements":           rootList("statements(last: 100)", "statement"),
			"Query.runningStatements":    {document: "query($id: ID!) { runningStatements(accountId: $id) { amount } }", specimen: "account"},
			"StatementFilter.accountIds": narrowed("statements", "accountIds", "statement"),
		},
		plays: map[string]play{
			"Mutation.correctStatement": {target: "statementId", event: "STATEMENT_CORRECTED", input: func(w *world, _ string) arguments {
				return arguments{"statementId": w.ids["statement"], "amount": "-1.00", "reason": "An outage."}
			}},
		},
		targets: map[string]string{"correctStatement": "statementId"},
		samples: map[string]string{"statementId": "statement"},
		nothing: map[string]string{"none": "CorrectStatementInput.idempotencyKey"},
		tables: map[string]table{"statements": {
			client: func(c *db.Client) any { return c.Statement }, column: "id", value: specimen("statement"),
			adds: func(c *db.Client) adding {
				return added(c.Statement.Create, c.Statement.CreateBulk, func(x *db.StatementCreate, o owner) { fillStatement(x, o.organization, o.account) })
			},
			policy: &statement.Policy, types: []string{"Statement"},
			change: func(c *db.Client) reaching {
				return func(ctx context.Context, is condition) (int, error) { return c.Statement.Update().Where(is).Save(ctx) }
			},
		}},
		produce: func(w *world) {
			for _, by := range w.values("StatementOrderField") {
				w.mustAsk("admin", `{ statements(orderBy: {field: `+by+`}) { totalCount } }`, "")
			}
		},
		furnish: func(w *world) {
			for name, of := range map[string]portaltest.Tenant{"": w.one, "foreign ": w.two, "other's ": {Organization: w.one.Organization, Account: w.globex}} {
				w.ids[name+"statement"], w.ids[name+"statement line"] = w.freshStatement(of)
			}
			w.ids["correction"] = w.make("admin", "correctStatement", arguments{"statementId": w.ids["statement"], "amount": "-1.00", "reason": "An outage."}, "statement")
		},
	}
}

// fillStatement fills in a statement of a month that no other one has.
func fillStatement(x *db.StatementCreate, organization, account uuid.UUID) *db.StatementCreate {
	n := int(uuid.New().ID() % 1_000_000)
	month := portaltest.Start().Add(-time.Duration(n) * time.Minute)
	return x.SetOrganizationID(organization).SetAccountID(account).SetAccountName("Acme").SetCreatedAt(portaltest.Start()).SetNumber(n + 1).
		SetPeriodStart(month).SetPeriodEnd(month.AddDate(0, 1, 0)).SetCurrency("EUR").SetAmount("1.20").SetLineCount(1)
}

// freshStatement closes a statement with one line.
func (w *world) freshStatement(of portaltest.Tenant) (statement, line string) {
	ctx := viewer.AsSystem(w.t.Context(), of.Organization.ID)
	s, err := fillStatement(w.Client.Statement.Create(), of.Organization.ID, of.Account.ID).Save(ctx)
	require.NoError(w.t, err)
	create := fillLine(w.Client.StatementLine.Create(), of.Organization.ID, of.Account.ID).SetStatementID(s.ID)
	// What its ids lead to exists.
	if sub, err := w.Client.Subscription.Query().Where(subscription.AccountID(of.Account.ID)).First(ctx); err == nil {
		create.SetSubscriptionID(sub.ID).SetAppID(sub.AppID).SetProductID(sub.ProductID).SetPlanID(sub.PlanID)
	}
	l, err := create.Save(ctx)
	require.NoError(w.t, err)
	return s.GlobalID(), l.GlobalID()
}

// statementFields are how the reference resolves fields of statements.
func statementFields() map[string]resolver {
	return map[string]resolver{
		"Query.statements": listOf(nodeid.Statement, func(q fieldRequest, s *db.Statement) bool {
			where := q.object("where")
			return where.amongIDs("accountIds", nodeid.Account, s.AccountID) && where.among("currencies", s.Currency) && where.amongIDs("corrects", nodeid.Statement, or(s.CorrectsID)) &&
				where.within("periodFrom", "periodBefore", s.PeriodStart)
		}),
		"Account.statements": listOf(nodeid.Statement, func(q fieldRequest, s *db.Statement) bool { return s.AccountID == q.parent.(*db.Account).ID }),
		"Query.runningStatements": func(q fieldRequest) (any, error) {
			var account *string
			if id, ok := q.text("accountId"); ok {
				account = &id
			}
			return q.w.Portal.Statements.Running(q.ctx, account)
		},
		"Statement.accountId": valueOf(func(s *db.Statement) any { return nodeid.Encode(nodeid.Account, s.AccountID) }),
		"Statement.closedAt":  valueOf(func(s *db.Statement) any { return s.CreatedAt }),
		"Statement.corrects":  objectIn(nodeid.Statement, "CorrectsID"),
		"Statement.total": func(q fieldRequest) (any, error) {
			of := q.parent.(*db.Statement)
			root := of.ID
			if of.CorrectsID != nil {
				root = *of.CorrectsID
			}
			totals, err := q.w.Portal.Statements.Totals(q.ctx, []uuid.UUID{root})
			return totals[root], err
		},
	}
}

// within reports whether a time is within the bounds of a filter: from the first, and before
// the second.
func (g parameters) within(from, before string, at time.Time) bool {
	first, bounded := g.moment(from)
	last, ends := g.moment(before)
	return (!bounded || !at.Before(first)) && (!ends || at.Before(last))
}

// fillLine fills in a line that is settled.
func fillLine(x *db.StatementLineCreate, organization, account uuid.UUID) *db.StatementLineCreate {
	start, end := portaltest.Start().AddDate(0, -1, 0), portaltest.Start()
	return x.SetOrganizationID(organization).SetAccountID(account).SetCreatedAt(start).SetSubscriptionID(uuid.New()).SetAppID(uuid.New()).SetAppName("App").
		SetProductID(uuid.New()).SetProductName("weather").SetPlanID(uuid.New()).SetPlanName("metered").SetKind(domain.PlanMetered).
		SetPrice(&domain.Price{Amount: "0.40", Currency: "EUR", Unit: 1000}).SetCurrency("EUR").SetPeriodStart(start).SetPeriodEnd(end).SetStartedAt(start).SetEndedAt(end).
		SetCalls(3000).SetCountedUntil(end).SetCharge([]domain.ChargeLine{{Calls: 3000, UnitAmount: "0.40", Unit: 1000, Amount: "1.20"}}).SetAmount("1.20")
}
