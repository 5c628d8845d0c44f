package keycache_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// moveTo returns the change after which an app with a key belongs to another account.
func moveTo(c *keycache.Change, to keycache.Account, position int64) *keycache.Change {
	a, k := c.Apps[0], c.Credentials[0]
	a.AccountID, k.AccountID = to.ID, to.ID
	return &keycache.Change{Position: position, Accounts: []keycache.Account{to}, Apps: []keycache.App{a}, Credentials: []keycache.Credential{k}}
}

// A key of an app that goes to another account is judged by that account from then on,
// also where it comes together with what has happened to the former one since.
func TestMove(t *testing.T) {
	for name, max := range map[string]int{"everything": 0, "what is asked for": 10} {
		t.Run(name, func(t *testing.T) {
			s := keycache.New(max)
			username, c := filled()
			if max == 0 {
				s.Apply(c)
			} else {
				s.Fill(username, c, 0)
			}
			former, to := c.Accounts[0], keycache.Account{ID: uuid.New(), Status: "ACTIVE"}
			change := moveTo(c, to, 2)
			former.Status = "SUSPENDED"
			change.Accounts = append(change.Accounts, former)
			s.Apply(change)
			check := func(suspended bool) {
				t.Helper()
				var f verdict.Facts
				if !s.Facts(username, &f) || f.Credential == nil || f.Account == nil || len(f.Apps) != 1 {
					t.Fatalf("the key is not known: %+v", f)
				}
				if f.Account.ID != to.ID || f.Credential.AccountID != to.ID || f.Apps[0].AccountID != to.ID || f.Account.Suspended != suspended {
					t.Fatalf("it is not judged by the new account: %+v %+v", f.Account, f.Apps[0])
				}
			}
			check(false)
			to.Status = "SUSPENDED"
			s.Apply(&keycache.Change{Position: 3, Accounts: []keycache.Account{to}})
			check(true)
			if s.Len() != 1 {
				t.Errorf("%d keys", s.Len())
			}
			// And back.
			to.Status, former.Status = "ACTIVE", "ACTIVE"
			former, to = to, former
			s.Apply(moveTo(c, to, 4))
			check(false)
		})
	}
}

// The keys of a whole account reach the apps that it has, and no others.
func TestMove_KeysOfAccounts(t *testing.T) {
	s := keycache.New(0)
	_, c := filled()
	to := keycache.Account{ID: uuid.New(), Status: "ACTIVE"}
	theirs, ours := key(to.ID, nil), key(c.Accounts[0].ID, nil)
	c.Accounts = append(c.Accounts, to)
	c.Credentials = append(c.Credentials, theirs, ours)
	s.Apply(c)
	s.Apply(moveTo(c, to, 2))
	for who, want := range map[*keycache.Credential]int{&theirs: 1, &ours: 0} {
		var f verdict.Facts
		if !s.Facts(who.Username, &f) || len(f.Apps) != want {
			t.Errorf("%d apps, want %d", len(f.Apps), want)
		}
	}
}

// While an app goes to and fro, its key is known at every moment, by one account or the
// other, and its app may be called.
func TestMove_IsNeverUnknown(t *testing.T) {
	s := keycache.New(0)
	username, c := filled()
	s.Apply(c)
	one, two := c.Accounts[0], keycache.Account{ID: uuid.New(), Status: "ACTIVE"}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				var f verdict.Facts
				if s.Facts(username, &f) && (f.Credential == nil || f.Account == nil || f.Account.ID != f.Credential.AccountID || len(f.Apps) != 1) {
					t.Errorf("between the accounts: %+v", f)
					return
				}
			}
		})
	}
	for i := range 2000 {
		to := []keycache.Account{two, one}[i%2]
		s.Apply(moveTo(c, to, int64(i+2)))
	}
	close(done)
	readers.Wait()
}
