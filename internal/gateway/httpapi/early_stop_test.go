package httpapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/gateway/httpapi"
)

// Shutdown returns when it is called before the server has begun.
func TestAServerThatStopsBeforeItBegins(t *testing.T) {
	s := httpapi.NewServer(httpapi.New(httpapi.Options{Verifier: &fakeGate{}, Usage: &fakeUsage{}, Peer: peer, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving ended with %v", err)
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("waiting for the end gave %v", err)
	}
}
