package keycache_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// ofAccount returns what a fill of one new key of an account with two apps brings.
func ofAccount() (username uuid.UUID, c *keycache.Change) {
	account := keycache.Account{ID: uuid.New(), Status: "ACTIVE"}
	k := key(account.ID, nil)
	return k.Username, &keycache.Change{Accounts: []keycache.Account{account},
		Apps: []keycache.App{app(account.ID), app(account.ID)}, Credentials: []keycache.Credential{k}}
}

// A credential that an event brought is not known while its account or apps were
// never put.
func TestAKeyAloneIsNotKnown(t *testing.T) {
	for name, a := range map[string]func() (uuid.UUID, *keycache.Change){"of an app": filled, "of an account": ofAccount} {
		t.Run(name, func(t *testing.T) {
			username, c := a()
			for what, reported := range map[string]*keycache.Change{
				"nothing else": {},
				"the account":  {Accounts: c.Accounts},
				"an app":       {Apps: c.Apps[:1]},
			} {
				if what == "an app" && c.Credentials[0].AppID != nil {
					reported.Accounts = nil // all but the account
				}
				s := keycache.NewWithBudget(keycache.NewBudget(0))
				reported.Position, reported.Credentials = 1, c.Credentials
				s.Apply(reported)
				var facts verdict.Facts
				if s.Facts(username, &facts) {
					t.Errorf("with %s told of, account %v and %d apps are known", what, facts.Account, len(facts.Apps))
				}
				if !s.Fill(username, c, s.Position()) || !s.Facts(username, &facts) || facts.Account == nil || len(facts.Apps) != len(c.Apps) {
					t.Errorf("with %s told of, a fill did not mend it: account %v and %d apps", what, facts.Account, len(facts.Apps))
				}
			}
		})
	}
}

// What a fill did not find is marked as gone.
func TestAFillMarksWhatIsGone(t *testing.T) {
	for _, limit := range []int{0, 10} {
		for _, a := range []func() (uuid.UUID, *keycache.Change){filled, ofAccount} {
			username, c := a()
			s := keycache.NewWithBudget(keycache.NewBudget(limit))
			s.Fill(username, &keycache.Change{Credentials: c.Credentials}, 0)
			var facts verdict.Facts
			if !s.Facts(username, &facts) || facts.Account != nil || len(facts.Apps) != 0 {
				t.Errorf("a key whose account and apps are gone: %+v", facts)
			}
			s.Apply(&keycache.Change{Position: 1, Accounts: c.Accounts, Apps: c.Apps})
			if !s.Facts(username, &facts) || facts.Account == nil || len(facts.Apps) != len(c.Apps) {
				t.Errorf("they came back: account %v and %d apps", facts.Account, len(facts.Apps))
			}
			s.Apply(&keycache.Change{Position: 2, GoneAccounts: []uuid.UUID{c.Accounts[0].ID}, GoneApps: []uuid.UUID{c.Apps[0].ID}})
			if !s.Facts(username, &facts) || facts.Account != nil || len(facts.Apps) != len(c.Apps)-1 {
				t.Errorf("they went again: account %v and %d apps", facts.Account, len(facts.Apps))
			}
		}
	}
}
