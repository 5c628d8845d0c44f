package graph_test

import (
	"context"

	"portico/ent/db"
	"portico/ent/db/statementline"
	"portico/internal/nodeid"
	"portico/internal/statements"
)

// StatementLine is what the matrix knows of lines of statements.
func (nouns) StatementLine() noun {
	return noun{
		prefix: "line", list: sorted{list: "statementLines"}, fields: statementLineFields(),
		questions: map[string]question{
			"StatementLine":                  of("StatementLine", "statement line", ""),
			"StatementLineConnection":        plain("{ statementLines { %s } }", "statementLines"),
			"StatementLineEdge":              plain("{ statementLines { edges { %s } } }", "statementLines.edges"),
			"Query.statementLines":           rootList("statementLines(last: 100)", "statement line"),
			"StatementLineFilter.accountIds": narrowed("statementLines", "accountIds", "statement line"),
		},
		tables: map[string]table{"statement_lines": {
			client: func(c *db.Client) any { return c.StatementLine }, column: "id", value: specimen("statement line"),
			adds: func(c *db.Client) adding {
				return added(c.StatementLine.Create, c.StatementLine.CreateBulk, func(x *db.StatementLineCreate, o owner) { fillLine(x, o.organization, o.account) })
			},
			policy: &statementline.Policy, types: []string{"StatementLine"},
			change: func(c *db.Client) reaching {
				return func(ctx context.Context, is condition) (int, error) {
					return c.StatementLine.Update().SetCallsBefore(1).Where(is).Save(ctx)
				}
			},
		}},
		produce: func(w *world) {
			for _, by := range w.values("StatementLineOrderField") {
				w.mustAsk("admin", `{ statementLines(orderBy: {field: `+by+`}) { totalCount } }`, "")
			}
		},
	}
}

// statementLineFields are how the reference resolves fields of lines.
func statementLineFields() map[string]resolver {
	return map[string]resolver{
		"Query.statementLines": listOf(nodeid.StatementLine, func(q fieldRequest, l *db.StatementLine) bool {
			where := q.object("where")
			return l.StatementID != nil && where.amongIDs("statementIds", nodeid.Statement, *l.StatementID) && where.amongIDs("accountIds", nodeid.Account, l.AccountID) &&
				where.within("periodFrom", "periodBefore", l.PeriodStart)
		}),
		"StatementLine.statement":      objectIn(nodeid.Statement, "StatementID"),
		"StatementLine.accountId":      valueOf(func(l *db.StatementLine) any { return nodeid.Encode(nodeid.Account, l.AccountID) }),
		"StatementLine.subscriptionId": valueOf(func(l *db.StatementLine) any { return nodeid.Encode(nodeid.ProductSubscription, l.SubscriptionID) }),
		"StatementLine.appId":          valueOf(func(l *db.StatementLine) any { return nodeid.Encode(nodeid.App, l.AppID) }),
		"StatementLine.productId":      valueOf(func(l *db.StatementLine) any { return nodeid.Encode(nodeid.Product, l.ProductID) }),
		"StatementLine.planId":         valueOf(func(l *db.StatementLine) any { return nodeid.Encode(nodeid.Plan, l.PlanID) }),
		"StatementLine.charges":        valueOf(func(l *db.StatementLine) any { return statements.Charges(l) }),
	}
}
