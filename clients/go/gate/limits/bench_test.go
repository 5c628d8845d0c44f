package limits_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
)

func TestTakeDoesNotAllocate(t *testing.T) {
	m, a := loaded(limits.NewMemory(systemClock{}, nil, 0))
	var out limits.Answer
	ctx := context.Background()
	want(t, "allocations", testing.AllocsPerRun(1000, func() { m.Take(ctx, a, &out) }), 0.0)
	want(t, "outcome", out.Outcome, limits.Passed)
}

func loaded(m *limits.Memory) (*limits.Memory, *limits.Ask) {
	a := ask()
	a.AccountCounter = uuid.New()
	return loadedFor(m, a)
}

func loadedFor(m *limits.Memory, a *limits.Ask) (*limits.Memory, *limits.Ask) {
	a.KeyRate = limits.Rate{Limit: 1_000_000, Per: time.Second, Burst: 1_000_000}
	a.AppRate = a.KeyRate
	a.Quota = limits.Quota{Limit: 1 << 50, Per: access.PerMonth}
	a.Location = time.UTC
	var out limits.Answer
	m.Take(context.Background(), a, &out)
	start, _ := a.Quota.Period(time.Now(), a.Location)
	m.Load(a.QuotaCounter(), start, 0)
	return m, a
}

// Outcomes other than Passed occur too: the limit is a million calls a second.
func BenchmarkTake(b *testing.B) {
	m, a := loaded(limits.NewMemory(systemClock{}, nil, 0))
	var out limits.Answer
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		m.Take(ctx, a, &out)
	}
}

// The quota is counted per account.
func BenchmarkTakePerAccount(b *testing.B) {
	a := ask()
	a.AccountCounter, a.PerAccount = uuid.New(), true
	m, a := loadedFor(limits.NewMemory(systemClock{}, nil, 0), a)
	var out limits.Answer
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		m.Take(ctx, a, &out)
	}
}

// The keys are used in random order.
func BenchmarkTakeOfManyKeys(b *testing.B) {
	m := limits.NewMemory(systemClock{}, nil, 0)
	asks := make([]limits.Ask, 100_000)
	for i := range asks {
		_, a := loaded(m)
		asks[i] = *a
	}
	rand.Shuffle(len(asks), func(i, j int) { asks[i], asks[j] = asks[j], asks[i] })
	var out limits.Answer
	ctx := context.Background()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		m.Take(ctx, &asks[n%len(asks)], &out)
		n++
	}
}

func BenchmarkTakeConcurrently(b *testing.B) {
	m, a := loaded(limits.NewMemory(systemClock{}, nil, 0))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		var out limits.Answer
		for p.Next() {
			m.Take(context.Background(), a, &out)
		}
	})
}

func BenchmarkPeriod(b *testing.B) {
	q, now, loc := limits.Quota{Limit: 1, Per: access.PerMonth}, noon(), zone(b, "Europe/Berlin")
	for b.Loop() {
		q.Period(now, loc)
	}
}
