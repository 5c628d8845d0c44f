package keycache_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// filled returns what a fill of one new key brings.
func filled() (username uuid.UUID, c *keycache.Change) {
	account := keycache.Account{ID: uuid.New(), Status: "ACTIVE"}
	a := app(account.ID)
	k := key(account.ID, &a.ID)
	return k.Username, &keycache.Change{Accounts: []keycache.Account{account}, Apps: []keycache.App{a}, Credentials: []keycache.Credential{k}}
}

func TestAFillIsNotOlderThanTheLog(t *testing.T) {
	username, c := filled()
	for name, event := range map[string]*keycache.Change{
		"the key":         {Credentials: c.Credentials},
		"the key is gone": {GoneCredentials: []uuid.UUID{c.Credentials[0].ID}},
		"the app":         {Apps: c.Apps},
		"the app is gone": {GoneApps: []uuid.UUID{c.Apps[0].ID}},
		"the account":     {Accounts: c.Accounts},
	} {
		s := keycache.New(10)
		since := s.Position()
		event.Position = 5
		s.Apply(event)
		if s.Fill(username, c, since) {
			t.Errorf("%s changed meanwhile, and what was read before was kept", name)
		}
		if !s.Fill(username, c, s.Position()) || s.Len() != 1 {
			t.Errorf("%s: a read after it was not kept", name)
		}
	}
	s := keycache.New(10)
	s.Apply(&keycache.Change{Position: 5, Credentials: c.Credentials})
	if s.Fill(username, &keycache.Change{}, 0) {
		t.Error("a key that came to be meanwhile was kept as unknown")
	}
}

func TestUnknownUsernames(t *testing.T) {
	s := keycache.New(10)
	username, c := filled()
	var facts verdict.Facts
	if s.Facts(username, &facts) {
		t.Error("an empty copy knows a key")
	}
	s.Fill(username, &keycache.Change{}, 0)
	if !s.Facts(username, &facts) || facts.Credential != nil {
		t.Error("what does not exist is not remembered")
	}
	s.Apply(&keycache.Change{Position: 1, Credentials: c.Credentials})
	if s.Facts(username, &facts) {
		t.Error("a key that came to be is still unknown")
	}
}

// Those that are asked for stay, however many others are not.
func TestUnknownUsernamesAreBounded(t *testing.T) {
	s := keycache.New(10)
	often, once := uuid.New(), uuid.New()
	var facts verdict.Facts
	for _, username := range []uuid.UUID{often, once} {
		s.Fill(username, &keycache.Change{}, 0)
	}
	for range 8 << 10 {
		s.Fill(uuid.New(), &keycache.Change{}, 0)
		if !s.Facts(often, &facts) {
			t.Fatal("the one that is always asked for was pushed out")
		}
	}
	if s.Facts(once, &facts) {
		t.Error("all are kept")
	}
}

func TestABudgetIsKept(t *testing.T) {
	s := keycache.New(100)
	often, c := filled()
	s.Fill(often, c, 0)
	for range 1000 {
		username, c := filled()
		s.Fill(username, c, 0)
		var facts verdict.Facts
		if !s.Facts(often, &facts) || facts.Account == nil || len(facts.Apps) != 1 {
			t.Fatal("the key that is always in use was pushed out")
		}
	}
	if s.Len() > 100 {
		t.Errorf("%d keys are kept", s.Len())
	}
}

func TestHashesAreNotMarshaled(t *testing.T) {
	_, c := filled()
	c.Credentials[0].Hash = []byte("secret-hash")
	text, err := json.Marshal(c)
	if err != nil || strings.Contains(strings.ToLower(string(text)), "hash") || strings.Contains(string(text), "p1") {
		t.Errorf("it is written as %s (%v)", text, err)
	}
}
