// Package redislimits keeps limits in Redis, for all nodes together.
//
// Each decision is one script, one round trip. What Redis decides is copied to
// this node's limits.Memory: from there the quota counts are written to the
// database, and with it the node continues on its own when Redis does not answer.
// Such answers are marked Local, and until Redis answers again each node allows at
// most what the limits allow.
//
// When Redis has lost its data, quotas do not start over: a quota's count starts
// from the one that this node and the database know, a rate limit's bucket from the
// state of the first node that asks.
package redislimits

import (
	"context"
	_ "embed" // the script
	"time"

	"github.com/redis/go-redis/v9"

	"portico/clients/go/gate/limits"
)

// Timeout is the default time that Redis may take for one answer.
const Timeout = 75 * time.Millisecond

// Pause is the default time for which Redis is not called after a failure.
const Pause = time.Second

//go:embed take.lua
var source string

// Options configures a Limiter. The zero value is usable.
type Options struct {
	// Timeout bounds each call of Redis; 0 means the constant Timeout.
	Timeout time.Duration
	// Pause is the time for which Redis is not called after a failure; 0 means the
	// constant Pause. Then one call tries again.
	Pause time.Duration
	// Mono returns the time since any fixed moment, and measures the pause; nil
	// means the process's monotonic clock.
	Mono func() time.Duration
	// Changed is called once when Redis stops answering, with the error, and once
	// when it answers again, with nil. It must be quick and safe for concurrent use.
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

// New returns a Limiter that uses a client of Open, which the caller closes.
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

// Probe asks an Alone Redis as a call does that takes of a limit, even during the
// pause, and returns why it still cannot: silence, or a refusal to write. It
// returns nil where limits are shared.
func (l *Limiter) Probe(ctx context.Context) error {
	if !l.Alone() {
		return nil
	}
	a := &limits.Ask{KeyRate: limits.Rate{Limit: 1_000_000, Per: time.Second, Burst: 1_000_000}} // there is always room, so that it writes
	level := l.memory.Level(a)
	_, err := l.run(ctx, a, &level, true)
	if l.breaker.record(err) {
		l.changed(err)
	}
	return err
}

// decide asks Redis and sets out; answered is false if that failed.
func (l *Limiter) decide(ctx context.Context, a *limits.Ask, out *limits.Answer, take bool) (answered bool) {
	level := l.memory.Level(a)
	if level.Unknown(a) {
		*out = limits.Answer{Outcome: limits.QuotaUnknown}
		return true
	}
	if a.Unlimited() {
		*out = limits.Answer{Outcome: limits.Passed}
		return true
	}
	if !l.breaker.allows() {
		return false
	}
	outcome, err := l.run(ctx, a, &level, take)
	wrote := err == nil && take && outcome == limits.Passed
	switch {
	case err == nil && !wrote && l.Alone():
		// A server that refuses to write still answers what only reads.
		_ = l.Probe(ctx) // it records the result
	case l.breaker.record(err):
		l.changed(err)
	}
	if err != nil {
		return false
	}
	l.memory.Follow(a, &level, outcome, take && outcome == limits.Passed, out)
	return true
}
