package portal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/eventlog"
	"portico/internal/portal/portaltest"
	"portico/internal/statements"
)

// statementMutations are the cases of mutations on statements. No verdict depends on them.
func statementMutations() []mutationCase {
	return []mutationCase{
		{"Correct", func(t *testing.T, g *syncedPortal) func() error {
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			closed, err := g.Client.Statement.Create().SetOrganizationID(g.Organization.ID).SetCreatedAt(g.Clock.Now()).SetNumber(1).SetAccountID(g.Account.ID).SetAccountName("Acme").
				SetPeriodStart(from).SetPeriodEnd(from.AddDate(0, 1, 0)).SetCurrency("EUR").SetAmount("1.00").SetLineCount(0).Save(portaltest.System(t))
			require.NoError(t, err)
			in := statements.CorrectStatementInput{StatementID: closed.GlobalID(), Amount: "-1.00", Reason: "So."}
			return func() error { return errOf(g.p.Statements.Correct(g.Admin, in)) }
		}, []eventlog.Type{eventlog.StatementCorrected}, false},
	}
}
