package e2e

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

const runningStatement = `{ runningStatements { currency amount lineCount asOf lines { appName planName calls callsBefore amount endedAt } } }`

// TestStatements tells of a month from outside: what it costs so far, how the job closes it,
// who reads it, as a file too, and how it is corrected.
func TestStatements(t *testing.T) {
	each(t, func(t *testing.T, s *servertest.Server) {
		c := newOrganization(t, s, "statements")
		product, _ := c.newProduct(t, "billed", "AUTO")
		plan := c.admin.Do(t, "createPlan", vars{"productId": product, "name": "=Metered", "kind": "METERED", "price": vars{"amount": "2.00", "currency": "EUR", "unit": 1, "includedCalls": 1}}, `plan { id }`).Text("createPlan", "plan", "id")
		made := c.dev.Do(t, "createApp", vars{"name": "Caller"}, `app { id } secret { rawKey }`)
		app, key := made.Text("createApp", "app", "id"), made.Text("createApp", "secret", "rawKey")
		subscription := c.dev.Do(t, "register", vars{"appId": app, "productId": product, "planId": plan}, `productSubscription { id }`).Text("register", "productSubscription", "id")
		gateway := newGatewayClient(t, s, "statements", "billed")
		gateway.requireSoon(t, "VALID", key, "billed")
		gateway.requireSoon(t, "VALID", key, "billed")
		require.Eventually(t, func() bool {
			a := c.dev.Must(t, runningStatement, nil)
			return a.Text("runningStatements", 0, "amount") == "2.00" && a.Number("runningStatements", 0, "lines", 0, "calls") == 2
		}, 30*time.Second, 200*time.Millisecond, "one of two calls is included")
		require.NotEmpty(t, c.admin.Ask(t, "correctStatement", vars{"statementId": strings.Repeat("x", 30), "amount": "1.00", "reason": "So."}, `statement { id }`).Errors)

		// The line and its month are moved into the past, so that the job need not wait for it.
		database, now := testdb.Open(t, s.Setting("DATABASE_URL")), time.Now().UTC().Truncate(time.Second)
		c.admin.Do(t, "unregister", vars{"subscriptionId": subscription}, `productSubscription { status }`)
		_, err := database.ExecContext(t.Context(), `UPDATE statement_lines SET period_start = $1, started_at = $1, period_end = $2, ended_at = $2, count_due_at = $2 WHERE app_name = 'Caller'`,
			now.AddDate(0, 0, -40), now.AddDate(0, 0, -9))
		require.NoError(t, err)
		list := func(by *servertest.Client) *servertest.Answer {
			return by.Must(t, `{ statements(first: 5) { totalCount nodes { id number accountName amount total currency lineCount corrects { number } reason } } }`, nil)
		}
		require.Eventually(t, func() bool {
			_, err := database.ExecContext(t.Context(), `UPDATE leases SET last_run_at = NULL WHERE id = 'statements'`)
			require.NoError(t, err)
			return list(c.dev).Number("statements", "totalCount") == 1
		}, time.Minute, time.Second)
		a := list(c.dev)
		id := a.Text("statements", "nodes", 0, "id")
		require.Equal(t, "0.00", a.Text("statements", "nodes", 0, "amount"), "the calls were later")
		require.Equal(t, "statements account", a.Text("statements", "nodes", 0, "accountName"))

		require.NotEmpty(t, c.dev.Ask(t, "correctStatement", vars{"statementId": id, "amount": "-1.00", "reason": "No."}, `statement { id }`).Errors)
		requireProblem(t, c.admin.Ask(t, "correctStatement", vars{"statementId": id, "amount": "0.001", "reason": "No."}, `statement { id }`), "correctStatement", "INVALID", "amount")
		in := vars{"statementId": id, "amount": "-1.5", "reason": "=An outage.", "idempotencyKey": "once"}
		first := c.admin.Do(t, "correctStatement", in, `statement { id number amount } replayed`)
		again := c.admin.Do(t, "correctStatement", in, `statement { id number amount } replayed`)
		require.Equal(t, first.At("correctStatement", "statement"), again.At("correctStatement", "statement"))
		require.Equal(t, "-1.50", first.Text("correctStatement", "statement", "amount"))
		a = list(c.dev)
		require.EqualValues(t, 2, a.Number("statements", "totalCount"))
		require.EqualValues(t, 1, a.Number("statements", "nodes", 1, "corrects", "number"))
		require.Equal(t, []string{"-1.50", "-1.50"}, []string{a.Text("statements", "nodes", 0, "total"), a.Text("statements", "nodes", 1, "total")})

		for name, rows := range map[string]int{"statements": 2, "statementLines": 1} {
			w, body := export(t, c.dev, name, vars{"format": "csv"})
			require.Equal(t, http.StatusOK, w.StatusCode, body)
			cells, err := csv.NewReader(strings.NewReader(body)).ReadAll()
			require.NoError(t, err)
			require.Len(t, cells, rows+1, body)
			for _, row := range cells {
				for _, cell := range row {
					require.False(t, strings.HasPrefix(cell, "="), "a spreadsheet would compute %s", cell)
				}
			}
		}
		stranger := newActors(t, s, "no-statements")
		require.Zero(t, list(stranger.dev).Number("statements", "totalCount"))
		requireError(t, stranger.dev.Send(t, `query($id: ID!) { runningStatements(accountId: $id) { amount } }`, vars{"id": c.account}), "NOT_FOUND")
	})
}
