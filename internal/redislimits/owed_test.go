package redislimits_test

import (
	"testing"
	"time"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/internal/redislimits/redistest"
)

// What a node let pass while Redis was silent is owed when Redis is there again,
// with all it knew before: the quota is what both have taken together, for every
// node, and the database is told of each unit once.
func TestWhatPassedInAnOutageIsOwed(t *testing.T) {
	server := redistest.New(t)
	one, two := newNode(t, server.URL(), time.Second), newNode(t, server.URL(), time.Second)
	a := ask()
	a.KeyRate = slow(20)
	a.Quota = limits.Quota{Limit: 10, Per: access.PerDay}
	for range 2 {
		want(t, "shared", two.loaded(a, 0).Outcome, limits.Passed)
	}
	want(t, "shared", one.loaded(a, 0).Quota.Remaining, int64(7))
	server.Freeze()
	for left := int64(6); left > 2; left-- {
		got := one.take(a)
		want(t, "local", got.Local, true)
		want(t, "what is left here", got.Quota.Remaining, left)
	}
	server.Thaw()
	until(t, one, a, false)
	got := one.take(a)
	want(t, "not local", got.Local, false)
	want(t, "one pays for what passed", got.Quota.Remaining, int64(2))
	until(t, two, a, false)
	want(t, "so does two", two.take(a).Quota.Remaining, int64(1))
	want(t, "the last", one.take(a).Outcome, limits.Passed)
	want(t, "two", two.take(a).Outcome, limits.QuotaExceeded)
	var stored int64
	for _, n := range []*node{one, two} {
		for _, row := range n.memory.Drain(nil) {
			stored += row.N
		}
	}
	want(t, "to be stored", stored, int64(10))
}

// A node without Redis remembers what it owes its rates, too: the buckets that
// it kept along are the ones it goes on with.
func TestABucketIsKeptAlong(t *testing.T) {
	server := redistest.New(t)
	n, a := newNode(t, server.URL(), time.Second), ask()
	a.KeyRate, a.AppRate = slow(5), slow(4)
	warm(t, n, a)
	for range 3 {
		want(t, "shared", n.take(a).Local, false)
	}
	server.Stop()
	got := n.take(a)
	want(t, "local", got.Local, true)
	want(t, "the last", got.Outcome, limits.Passed)
	want(t, "no more of the subscription's", n.take(a).Outcome, limits.RateExceeded)
	a.AppRate = limits.Rate{}
	want(t, "one of the key's", n.take(a).Outcome, limits.Passed)
	want(t, "no more of the key's", n.take(a).Outcome, limits.RateExceeded)
}
