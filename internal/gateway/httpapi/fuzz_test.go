package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/verdict"
	"portico/internal/clock"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
)

func noFeed(context.Context, int64, time.Duration, func(*keycache.Change) error) error {
	return gateway.ErrTooOld
}

// tokenVerifier accepts the one token only.
type tokenVerifier struct{ *quickVerifier }

func (g *tokenVerifier) Caller(ctx context.Context, t string) (*gateway.Caller, error) {
	return g.fakeVerifier.Caller(ctx, t)
}

// Whatever bytes arrive on a connection, the server ends with it and does not
// break; a request that reaches the Verifier came with the token.
func FuzzConnection(f *testing.F) {
	for _, text := range []string{
		rawRequest("POST", "/v1/verify", `{"key":"k"}`) + rawRequest("GET", "/v1/authorize", ""), rawRequest("GET", "/v1/authorize", "", "A: b", " c", "Connection: close"),
		"POST /v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "GET /healthz HTTP/1.0\n\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\n\r\n", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return
		}
		log := &syncBuffer{}
		g := &quickVerifier{fakeVerifier: fakeVerifier{feed: noFeed}, full: func(_ *gateway.Request, v *verdict.Verdict) {
			v.Code = verdict.Valid
			if !strings.Contains(text, token) {
				t.Error("the verifier was asked without a token")
			}
		}}
		s := httpapi.NewServer(httpapi.New(httpapi.Options{Verifier: &tokenVerifier{g}, Usage: &fakeUsage{}, Peer: peer, Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(log, nil))}))
		r := make(connListener, 1)
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(r) }()
		c := &replayConn{text: []byte(text), n: 1, done: make(chan struct{})}
		r <- c
		select {
		case <-c.done:
		case <-time.After(20 * time.Second):
			t.Error("the connection is not ended")
		}
		_ = s.Close()
		if err := <-ended; err != http.ErrServerClosed && err != io.EOF { //nolint:errorlint // it is the very one
			t.Errorf("it ended with %v", err)
		}
		if strings.Contains(log.String(), "panic") {
			t.Error(log)
		}
	})
}
