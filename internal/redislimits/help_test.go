package redislimits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"portico/clients/go/gate/limits"
	"portico/internal/clock"
	"portico/internal/redislimits"
)

// patient is a timeout that a busy machine does not reach.
const patient = 10 * time.Second

// node is one process of several.
type node struct {
	*redislimits.Limiter
	memory       *limits.Memory
	clock        *clock.Fake
	mono         atomic.Int64 // of the memory and the pause alike
	client       redis.UniversalClient
	failed, back atomic.Int64 // how often Redis fell silent, and answered again
}

func newNode(t testing.TB, url string, timeout time.Duration) *node {
	t.Helper()
	client, err := redislimits.Open(url, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	n := &node{client: client, clock: clock.NewFake(time.Date(2026, 6, 17, 12, 0, 0, 0, time.UTC))}
	mono := func() time.Duration { return time.Duration(n.mono.Load()) }
	n.memory = limits.NewMemory(n.clock, mono, 0)
	n.Limiter = redislimits.New(client, n.memory, redislimits.Options{
		Timeout: timeout, Mono: mono, Changed: n.note,
	})
	return n
}

func (n *node) note(err error) {
	if err != nil {
		n.failed.Add(1)
		return
	}
	n.back.Add(1)
}

func (n *node) pass(d time.Duration) {
	n.clock.Advance(d)
	n.mono.Add(int64(d))
}

func (n *node) take(a *limits.Ask) (out limits.Answer) {
	n.Take(context.Background(), a, &out)
	return out
}

func (n *node) peek(a *limits.Ask) (out limits.Answer) {
	n.Peek(context.Background(), a, &out)
	return out
}

// loaded takes like the gateway: an unknown quota is loaded, then asked again.
func (n *node) loaded(a *limits.Ask, used int64) limits.Answer {
	out := n.take(a)
	if out.Outcome == limits.QuotaUnknown {
		start, _ := a.Quota.Period(n.clock.Now(), a.Location)
		n.memory.Load(a.AppCounter, start, used)
		out = n.take(a)
	}
	return out
}

func ask() *limits.Ask {
	return &limits.Ask{Organization: uuid.New(), Key: uuid.New(), AppCounter: uuid.New(), Cost: 1}
}

// slow returns rates that do not drain during a test.
func slow(burst int) limits.Rate { return limits.Rate{Limit: 1, Per: time.Hour, Burst: burst} }

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// counter counts what is sent to Redis.
type counter struct{ commands, scripts, pipelines atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.commands.Add(1)
		if cmd.Name() == "evalsha" {
			c.scripts.Add(1)
		}
		return next(ctx, cmd)
	}
}
func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.pipelines.Add(1)
		return next(ctx, cmds)
	}
}

// loadAll loads a count of each quota of a, as the gateway does.
func loadAll(m *limits.Memory, n *node, a *limits.Ask, used int64) {
	start, _ := a.Quota.Period(n.clock.Now(), a.Location)
	m.Load(a.QuotaCounter(), start, used)
	for _, c := range a.Further {
		if !c.Quota.None() {
			start, _ := c.Quota.Period(n.clock.Now(), a.Location)
			m.Load(c.Counter, start, used)
		}
	}
}
