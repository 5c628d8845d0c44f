package gateway_test

import (
	"context"
	"testing"

	"portico/clients/go/gate/keycache"
	"portico/internal/fault"
	"portico/internal/testdb"
)

// Gateways that do not read their answers do not block others, nor all of their
// own token's.
func TestFeedReadersAreBounded(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	g := w.verifier(t)
	c, other := w.caller(t, g), w.caller(t, g)
	ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
	begun, ended := make(chan struct{}), make(chan error)
	ctx, read := context.WithCancel(t.Context())
	const share = 32
	for range share {
		go func() {
			first := true
			ended <- g.Feed(t.Context(), c, -1, 0, func(*keycache.Change) error {
				if first {
					begun <- struct{}{}
					<-ctx.Done()
				}
				first = false
				return nil
			})
		}()
		<-begun
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // it waits for nothing
	err := g.Feed(gone, c, -1, 0, func(*keycache.Change) error { return nil })
	if !fault.Is(err, fault.CodeUnavailable) || fault.From(err).Reason != fault.ReasonBusy || fault.From(err).RetryAfter == 0 {
		t.Errorf("one more of the same token: %v", err)
	}
	if _, err := w.readFeed(t, g, c, g.Copy(w.Organization.ID).Position(), 0); err != nil {
		t.Errorf("a sign of life: %v", err)
	}
	if _, err := w.readFeed(t, g, other, -1, 0); err != nil {
		t.Errorf("another token: %v", err)
	}
	read()
	for range share {
		ok(t, 0, <-ended)
	}
	if _, err := w.readFeed(t, g, c, -1, 0); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
