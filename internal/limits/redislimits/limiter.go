// Package redislimits keeps limits in Redis, for all nodes together.
//
// Each call is one script, one round trip. What Redis decides is written to
// this node's limits.Memory too: from there the quota counts reach the
// database, and there the node goes on by itself when Redis does not answer.
// Such answers are marked Local, and until Redis is back each node lets pass at
// most what the limits allow.
//
// When Redis comes back empty, a quota is not given anew: its count starts from
// what this node and the database know. A rate's bucket starts from what the
// first node that asks knows of it.
package redislimits

import (
	"context"
	_ "embed" // the script
	"time"

	"github.com/redis/go-redis/v9"

	"portico/internal/limits"
)

// Timeout is how long Redis may take for one answer, unless told otherwise.
const Timeout = 75 * time.Millisecond

// Pause is how long Redis is left alone after it failed, unless told otherwise.
const Pause = time.Second

//go:embed take.lua
var source string

// Options of a Limiter; the zero value is the usual.
type Options struct {
	// Timeout bounds a call of Redis; 0 is Timeout. No call takes longer.
	Timeout time.Duration
	// Pause is how long Redis is not asked after a failure; 0 is Pause. Then
	// one call tries again.
	Pause time.Duration
	// Mono is the time since any fixed moment that times the pause; nil is the
	// process's own.
	Mono func() time.Duration
	// Changed is called when Redis begins to be silent, with the reason, and with
	// nil when it answers again: once each. It must be quick and safe for
	// concurrent use.
	Changed func(err error)
}

// Limiter asks Redis and falls back to a limits.Memory. It implements
// limits.Limiter.
type Limiter struct {
	client  redis.UniversalClient
	script  *redis.Script
	memory  *limits.Memory
	timeout time.Duration
	breaker breaker
	changed func(error)
}

// New returns a Limiter over a client of Open, which stays the caller's to close.
func New(client redis.UniversalClient, memory *limits.Memory, o Options) *Limiter {
	l := &Limiter{
		client: client, script: redis.NewScript(source), memory: memory,
		timeout: o.Timeout, changed: o.Changed,
		breaker: breaker{pause: o.Pause, mono: o.Mono},
	}
	if l.timeout <= 0 {
		l.timeout = Timeout
	}
	if l.changed == nil {
		l.changed = func(error) {}
	}
	l.breaker.init()
	return l
}

// Take implements limits.Limiter.
func (l *Limiter) Take(ctx context.Context, a *limits.Ask, out *limits.Answer) {
	if !l.decide(ctx, a, out, true) {
		l.memory.Take(ctx, a, out)
		out.Local = true
	}
}

// Peek implements limits.Limiter.
func (l *Limiter) Peek(ctx context.Context, a *limits.Ask, out *limits.Answer) {
	if !l.decide(ctx, a, out, false) {
		l.memory.Peek(ctx, a, out)
		out.Local = true
	}
}

// Alone reports whether Redis did not answer when it was last asked.
func (l *Limiter) Alone() bool { return l.breaker.until.Load() != 0 }

// decide asks Redis; answered is false if that failed.
func (l *Limiter) decide(ctx context.Context, a *limits.Ask, out *limits.Answer, take bool) (answered bool) {
	level := l.memory.Level(a)
	if !a.Quota.None() && !level.Known {
		*out = limits.Answer{Outcome: limits.QuotaUnknown}
		return true
	}
	if a.KeyRate.None() && a.SubscriptionRate.None() && a.Quota.None() {
		*out = limits.Answer{Outcome: limits.Passed}
		return true
	}
	if !l.breaker.allows() {
		return false
	}
	outcome, err := l.run(ctx, a, &level, take)
	if l.breaker.heard(err) {
		l.changed(err)
	}
	if err != nil {
		return false
	}
	l.memory.Follow(a, &level, outcome, take && outcome == limits.Passed, out)
	return true
}
