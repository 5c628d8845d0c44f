package httpapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/gateway/httpapi"
)

// Shutdown returns when it is called before the server has begun.
func TestShutdownBeforeServe(t *testing.T) {
	s := httpapi.NewServer(httpapi.New(httpapi.Options{Verifier: &fakeVerifier{}, Usage: &fakeUsage{}, Peer: peer, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}))
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

// A plain request of which a part has arrived before the end is answered; net/http
// takes a connection with half a head for idle.
func TestShutdownAnswersPartialRequests(t *testing.T) {
	b := newTestServer(t)
	text := rawRequest("POST", "/v1/verify", `{"key":"k"}`)
	rest := map[*line]string{}
	for _, cut := range []int{1, strings.Index(text, "\r\n\r\n") + 2, len(text) - 1} {
		l := b.connect(t)
		l.write(t, text)
		l.answer(t, "POST")
		l.write(t, text[:cut])
		rest[l] = text[cut:]
	}
	time.Sleep(200 * time.Millisecond) // the server has read them
	done := make(chan error, 1)
	go func() { done <- b.server.(interface{ Shutdown(context.Context) error }).Shutdown(t.Context()) }()
	time.Sleep(300 * time.Millisecond) // and has closed what is idle
	for l, text := range rest {
		l.write(t, text)
		if a := l.answer(t, "POST"); a.status != http.StatusOK {
			t.Errorf("%q: %+v", text, a)
		}
		l.ended(t, "after the end")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
