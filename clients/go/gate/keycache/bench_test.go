package keycache_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
)

// BenchmarkMemory is what a key costs in memory with an app and a subscription
// of its own, a million times.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		before := heap()
		s := keycache.New(0)
		account := uuid.New()
		s.Apply(&keycache.Change{Accounts: []keycache.Account{{ID: account, Status: "ACTIVE"}}})
		for range n {
			a := app(account)
			s.FillPage(&keycache.Change{Apps: []keycache.App{a}, Credentials: []keycache.Credential{key(account, &a.ID)}}, 0)
		}
		b.ReportMetric(float64(heap()-before)/n, "bytes/key")
		if s.Len() != n {
			b.Fatal(s.Len())
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func app(account uuid.UUID) keycache.App {
	return keycache.App{ID: uuid.New(), AccountID: account, ReferenceID: uuid.New(),
		Subscriptions: []keycache.Subscription{{ID: uuid.New(), ProductID: uuid.New(), PlanID: uuid.New(), Status: "APPROVED"}}}
}

func key(account uuid.UUID, app *uuid.UUID) keycache.Credential {
	return keycache.Credential{ID: uuid.New(), Username: uuid.New(), AccountID: account, AppID: app, Status: "ACTIVE",
		Environment: "DEVELOPMENT", Access: "ALL", Hash: make([]byte, 32), PepperID: "p1"}
}

// BenchmarkCase is a look-up among many keys, in no order, and a look at what
// a verdict reads of them.
func BenchmarkCase(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkCase(b, n) })
	}
}

func benchmarkCase(b *testing.B, keys int) {
	s, names := keycache.New(0), make([]uuid.UUID, keys)
	account := uuid.New()
	s.Apply(&keycache.Change{Accounts: []keycache.Account{{ID: account, Status: "ACTIVE"}}})
	for i := range names {
		a := app(account)
		k := key(account, &a.ID)
		names[i] = k.Username
		s.FillPage(&keycache.Change{Apps: []keycache.App{a}, Credentials: []keycache.Credential{k}}, 0)
	}
	rand.Shuffle(keys, func(i, j int) { names[i], names[j] = names[j], names[i] })
	b.ReportAllocs()
	var c verdict.Facts
	n := 0
	for b.Loop() {
		n++
		if !s.Facts(names[n%keys], &c) || c.Credential.Status != "ACTIVE" || c.Apps[0].Subscriptions[0].Status != "APPROVED" {
			b.Fatal("a key is missing")
		}
	}
}
