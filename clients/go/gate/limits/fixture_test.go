package limits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

// fixture is a Memory with two clocks that tests advance.
type fixture struct {
	*limits.Memory
	clock *fakeClock
	mono  atomic.Int64
}

func newFixture(max int) *fixture {
	w := &fixture{clock: newFakeClock(noon())}
	w.Memory = limits.NewMemory(w.clock, func() time.Duration { return time.Duration(w.mono.Load()) }, max)
	return w
}

// noon is in the middle of a day, a week and a month.
func noon() time.Time { return time.Date(2026, 6, 17, 12, 0, 0, 0, time.UTC) }

// pass advances both clocks.
func (w *fixture) pass(d time.Duration) {
	w.clock.Advance(d)
	w.mono.Add(int64(d))
}

func (w *fixture) take(a *limits.Ask) (out limits.Answer) {
	w.Take(context.Background(), a, &out)
	return out
}

func (w *fixture) peek(a *limits.Ask) (out limits.Answer) {
	w.Peek(context.Background(), a, &out)
	return out
}

// load sets the count of a's present period.
func (w *fixture) load(a *limits.Ask, used int64) {
	start, _ := a.Quota.Period(w.clock.Now(), a.Location)
	w.Load(a.AppCounter, start, used)
}

func ask() *limits.Ask {
	return &limits.Ask{Organization: uuid.New(), Key: uuid.New(), AppCounter: uuid.New(), Cost: 1}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func sum(rows []limits.Used) (n int64) {
	for _, r := range rows {
		n += r.N
	}
	return n
}

// flushAndPass flushes again and again, every third time in vain, and lets half
// days pass, until stop is called.
func flushAndPass(w *fixture, store interface {
	flush(m *limits.Memory, store bool)
}) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			store.flush(w.Memory, n%3 != 0)
			if n%50 == 49 {
				w.pass(11 * time.Hour)
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}
