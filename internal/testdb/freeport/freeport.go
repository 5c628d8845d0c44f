// Package freeport finds ports for tests that must name one before anything
// listens on it: for a program that they start, or for a server that comes
// later. Whoever can listen on port 0 should do that instead.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports are taken from below those that systems give out by themselves (Linux
// from 32768, others from 49152): a port from among these may be given to any
// connection on the machine before the test comes to use it.
const first, last = 10_240, 32_000

// New returns a port of loopback on which nothing listens, or an error when it
// has tried 100 in vain. Two tests get the same one only if both draw it before
// either listens.
func New() (int, error) {
	var err error
	for range 100 {
		port := first + rand.IntN(last-first)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d: %w", first, last, err)
}

// Address returns an address of loopback, as host:port, on which nothing listens.
func Address(t testing.TB) string {
	t.Helper()
	port, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}
