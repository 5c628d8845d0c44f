package keycache_test

import (
	"reflect"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// factsSnapshot is a Facts and its contents when it was taken.
type factsSnapshot struct {
	facts   verdict.Facts
	key     verdict.Credential
	account verdict.Account
	apps    []verdict.App
}

func takeSnapshot(t *testing.T, s *keycache.Cache, username uuid.UUID) *factsSnapshot {
	t.Helper()
	h := &factsSnapshot{}
	if !s.Facts(username, &h.facts) || h.facts.Credential == nil || h.facts.Account == nil {
		t.Fatal("a key is missing")
	}
	h.key, h.account, h.apps = *h.facts.Credential, *h.facts.Account, h.copyApps()
	return h
}

// copyApps copies the apps that the Facts contain now, with their subscriptions.
func (h *factsSnapshot) copyApps() (out []verdict.App) {
	for _, a := range h.facts.Apps {
		one := *a
		one.Subscriptions = append([]verdict.Subscription(nil), a.Subscriptions...)
		out = append(out, one)
	}
	return out
}

func (h *factsSnapshot) unchanged() bool {
	return reflect.DeepEqual(h.key, *h.facts.Credential) && h.account == *h.facts.Account && reflect.DeepEqual(h.apps, h.copyApps())
}

// Facts that were returned never change, whatever happens to the credential and
// its app; new Facts show the new state.
func TestFactsNeverChange(t *testing.T) {
	for name, from := range map[string]func() (uuid.UUID, *keycache.Change){"of an app": filled, "of an account": ofAccount} {
		t.Run(name, func(t *testing.T) {
			s := keycache.New(0)
			username, c := from()
			another := c.Apps[0].Subscriptions[0]
			another.ID = uuid.New()
			all := []*factsSnapshot{}
			for i, step := range []func(){
				func() {},
				func() { c.Apps[0].Subscriptions[0].Status = "SUSPENDED" },
				func() { c.Apps[0].Subscriptions = append(c.Apps[0].Subscriptions, another) },
				func() { c.Apps[0].Subscriptions = c.Apps[0].Subscriptions[1:] },
				func() { c.Apps[0].Subscriptions = nil },
				func() { c.Credentials[0].Status = "DISABLED" },
				func() {
					s.Apply(&keycache.Change{GoneAccounts: []uuid.UUID{c.Accounts[0].ID}})
					c.Accounts[0].Status = "SUSPENDED"
				},
				func() { c.Accounts[0].Status = "ACTIVE" },
				func() {
					s.Apply(&keycache.Change{GoneApps: []uuid.UUID{c.Apps[0].ID}})
					c.Apps[0].Subscriptions = append(c.Apps[0].Subscriptions, another)
				},
				func() {
					s.Apply(&keycache.Change{GoneCredentials: []uuid.UUID{c.Credentials[0].ID}})
					c.Credentials[0].Status = "ACTIVE"
				},
			} {
				c.Apps[0].Subscriptions = append([]keycache.Subscription(nil), c.Apps[0].Subscriptions...)
				step()
				c.Position = int64(i + 1)
				s.Apply(c)
				all = append(all, takeSnapshot(t, s, username))
				for n, h := range all {
					if !h.unchanged() {
						t.Errorf("step %d changed what was shown after step %d", i, n)
					}
				}
				if i > 0 && reflect.DeepEqual(all[i].key, all[i-1].key) && all[i].account == all[i-1].account && reflect.DeepEqual(all[i].apps, all[i-1].apps) {
					t.Errorf("step %d is not shown", i)
				}
			}
		})
	}
}

// State that a fill brings unchanged, as for an app's second credential, is kept
// and takes no further memory.
func TestUnchangedStateIsKept(t *testing.T) {
	s := keycache.New(10)
	username, c := filled()
	s.Fill(username, c, 0)
	var before, after verdict.Facts
	s.Facts(username, &before)
	second := key(c.Accounts[0].ID, &c.Apps[0].ID)
	s.Fill(second.Username, &keycache.Change{Accounts: c.Accounts, Apps: c.Apps, Credentials: []keycache.Credential{second, c.Credentials[0]}}, 0)
	if s.Facts(username, &after); before.Credential != after.Credential || before.Account != after.Account || before.Apps[0] != after.Apps[0] {
		t.Error("the same was kept once more")
	}
}
