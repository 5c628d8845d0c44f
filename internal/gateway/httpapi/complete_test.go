package httpapi_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/usage"
	"portico/internal/usage/intake"
)

func TestReportsCoverOwnAppsOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		mine, other := f.MustTenant(t, "mine"), f.MustTenant(t, "other")
		product, _ := f.MustProduct(t, mine.Admin, "orders")
		app, foreign := f.MustApp(t, mine.Developer, "A"), f.MustApp(t, other.Developer, "B")
		second := f.MustAppOf(t, mine.Admin, f.MustAccount(t, mine.Admin, "Second"), "C")
		otherProduct, _ := f.MustProduct(t, mine.Admin, "billing")
		whole := usage.Reporter{Organization: mine.Organization.ID}
		bound := usage.Reporter{Organization: mine.Organization.ID, Products: []uuid.UUID{product.ID}, Environment: access.Development}
		elsewhere := bound
		elsewhere.Environment = access.Production
		s := intake.NewStore(f.Database, f.Clock)
		for name, c := range map[string]struct {
			call    usage.Call
			by      usage.Reporter
			account uuid.UUID
			owned   bool
		}{
			"nothing":             {usage.Call{}, whole, uuid.Nil, true},
			"app":                 {usage.Call{App: app.App.ID}, whole, mine.Account.ID, true},
			"all":                 {usage.Call{App: app.App.ID, Credential: app.Credential.ID, Product: product.ID, Account: mine.Account.ID}, whole, mine.Account.ID, true},
			"product":             {usage.Call{Product: product.ID}, whole, uuid.Nil, true},
			"another kind":        {usage.Call{Product: app.App.ID}, whole, uuid.Nil, false},
			"unknown":             {usage.Call{App: uuid.New()}, whole, uuid.Nil, false},
			"endpoint that went":  {usage.Call{Endpoint: uuid.New()}, whole, uuid.Nil, true},
			"bound":               {usage.Call{Product: product.ID, Credential: app.Credential.ID}, bound, mine.Account.ID, true},
			"other product":       {usage.Call{Product: otherProduct.ID}, bound, uuid.Nil, false},
			"no product":          {usage.Call{App: app.App.ID}, bound, uuid.Nil, false},
			"passed by none":      {usage.Call{App: app.App.ID, Code: "VALID"}, bound, uuid.Nil, false},
			"refused by none":     {usage.Call{Code: "UNAVAILABLE"}, bound, uuid.Nil, true},
			"refused app":         {usage.Call{App: app.App.ID, Code: "NOT_SUBSCRIBED"}, bound, mine.Account.ID, true},
			"refused elsewhere":   {usage.Call{Product: otherProduct.ID, Code: "NOT_SUBSCRIBED"}, bound, uuid.Nil, false},
			"refused foreign app": {usage.Call{App: foreign.App.ID, Code: "NOT_SUBSCRIBED"}, bound, uuid.Nil, false},
			"other environment":   {usage.Call{Product: product.ID, Credential: app.Credential.ID}, elsewhere, uuid.Nil, false},
			"foreign app":         {usage.Call{App: foreign.App.ID}, whole, uuid.Nil, false},
			"foreign account":     {usage.Call{Account: other.Account.ID}, whole, uuid.Nil, false},
			"two accounts":        {usage.Call{App: app.App.ID, Credential: second.Credential.ID}, whole, uuid.Nil, false},
			"wrong account":       {usage.Call{App: second.App.ID, Account: mine.Account.ID}, whole, uuid.Nil, false},
		} {
			call := usage.Reported{Call: c.call, At: f.Clock.Now(), Calls: 1}
			if c.call.Code == "" {
				call.StatusClass = 2
			}
			owned, account := reported(t, s, f.Database, c.by, call)
			if owned != c.owned || owned && account != c.account {
				t.Errorf("%s: %v %v", name, owned, account)
			}
		}
		// What an API behind the gateway answered was a call of some product.
		answered := usage.Reported{Call: usage.Call{Code: "UNAVAILABLE"}, StatusClass: 5, At: f.Clock.Now(), Calls: 1}
		if owned, _ := reported(t, s, f.Database, bound, answered); owned {
			t.Error("an answer of no product is taken")
		}
	})
}

// reported reports one call, and reports whether it was taken, and as whose. What
// was taken is forgotten.
func reported(t *testing.T, s *intake.Store, db *database.DB, by usage.Reporter, call usage.Reported) (owned bool, account uuid.UUID) {
	t.Helper()
	_, err := s.Accept(t.Context(), by, uuid.NewString(), []usage.Reported{call})
	require.True(t, err == nil || fault.Is(err, fault.CodeBadUserInput), err)
	const rows = `SELECT account_id FROM usage_minutes UNION ALL SELECT account_id FROM usage_upstreams`
	switch found := db.QueryRowContext(t.Context(), rows).Scan(&account); {
	case errors.Is(found, sql.ErrNoRows):
		require.Error(t, err, "it is not counted")
		return false, uuid.Nil
	default:
		require.NoError(t, found)
		require.NoError(t, err, "it is counted")
	}
	for _, table := range []string{"usage_minutes", "usage_upstreams"} {
		_, err := db.ExecContext(t.Context(), `DELETE FROM `+table)
		require.NoError(t, err)
	}
	return true, account
}
