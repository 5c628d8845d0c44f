package door_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/usage"
)

func TestComplete(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		mine, other := f.MustTenant(t, "mine"), f.MustTenant(t, "other")
		product, _ := f.MustProduct(t, mine.Admin, "orders")
		app, stranger := f.MustApp(t, mine.Developer, "A"), f.MustApp(t, other.Developer, "B")
		second := f.MustAppOf(t, mine.Admin, f.MustAccount(t, mine.Admin, "Second"), "C")
		s := usage.NewStore(f.Database, f.Clock)
		for name, c := range map[string]struct {
			call    usage.Call
			account uuid.UUID
			owned   bool
		}{
			"nothing":            {usage.Call{}, uuid.Nil, true},
			"app":                {usage.Call{App: app.App.ID}, mine.Account.ID, true},
			"all":                {usage.Call{App: app.App.ID, Credential: app.Credential.ID, Product: product.ID, Account: mine.Account.ID}, mine.Account.ID, true},
			"product":            {usage.Call{Product: product.ID}, uuid.Nil, true},
			"another kind":       {usage.Call{Product: app.App.ID}, uuid.Nil, false},
			"unknown":            {usage.Call{Endpoint: uuid.New()}, uuid.Nil, false},
			"stranger's app":     {usage.Call{App: stranger.App.ID}, uuid.Nil, false},
			"stranger's account": {usage.Call{Account: other.Account.ID}, other.Account.ID, false},
			"two accounts":       {usage.Call{App: app.App.ID, Credential: second.Credential.ID}, mine.Account.ID, false},
			"wrong account":      {usage.Call{App: second.App.ID, Account: mine.Account.ID}, mine.Account.ID, false},
		} {
			calls := []usage.Reported{{Call: c.call}}
			owned, err := s.Complete(t.Context(), mine.Organization.ID, calls)
			if err != nil || owned != c.owned || calls[0].Account != c.account {
				t.Errorf("%s: %v %v %v", name, owned, err, calls[0].Account)
			}
		}
	})
}
