package redislimits_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"portico/internal/redislimits"
	"portico/internal/redislimits/redistest"
)

// A Redis that answers, and writes nothing, shares no limits.
func TestProbeOfARedisThatRefusesToWrite(t *testing.T) {
	server := redistest.New(t)
	n, a := newNode(t, server.URL(), patient), ask()
	a.KeyRate = slow(10)
	warm(t, n, a)
	want(t, "while limits are shared", n.Probe(t.Context()), nil)
	for name, settings := range map[string][2][]any{
		"a replica":     {{"REPLICAOF", "127.0.0.1", "1"}, {"REPLICAOF", "NO", "ONE"}},
		"out of memory": {{"CONFIG", "SET", "maxmemory", "1"}, {"CONFIG", "SET", "maxmemory", "0"}},
	} {
		if err := n.client.Do(t.Context(), settings[0]...).Err(); err != nil {
			t.Fatal(name, err)
		}
		want(t, name+": local", n.take(a).Local, true)
		want(t, name+": answers", n.client.Ping(t.Context()).Err(), nil)
		if err := n.Probe(t.Context()); !errors.As(err, new(redis.Error)) {
			t.Errorf("%s: %v", name, err)
		}
		want(t, name+": alone", n.Alone(), true)
		for range 3 { // what only reads is answered, and proves nothing
			n.pass(redislimits.Pause)
			n.peek(a)
			want(t, name+": alone, though it reads", n.Alone(), true)
		}
		if err := n.client.Do(t.Context(), settings[1]...).Err(); err != nil {
			t.Fatal(name, err)
		}
		want(t, name+": shared again, in the pause", n.Probe(t.Context()), nil)
		want(t, name+": not alone", n.Alone(), false)
	}
}
