package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
	"portico/internal/usage"
)

const (
	token  = "ptg_the-token-of-a-gateway"
	secret = "ptk_very-secret-key"
)

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func organization() uuid.UUID { return uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057") }

// fakeVerifier returns what the test sets and records what it was asked.
type fakeVerifier struct {
	mu    sync.Mutex
	asked []gateway.Request
	say   func(r *gateway.Request, v *verdict.Verdict)
	// callerErr is why no token can be checked.
	callerErr error
	feed      func(ctx context.Context, after int64, wait time.Duration, yield func(*keycache.Change) error) error
}

func (g *fakeVerifier) Caller(_ context.Context, t string) (*gateway.Caller, error) {
	switch {
	case g.callerErr != nil:
		return nil, g.callerErr
	case t != token:
		return nil, fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "no")
	}
	return &gateway.Caller{Organization: organization()}, nil
}

func (g *fakeVerifier) Verify(_ context.Context, _ *gateway.Caller, r *gateway.Request, v *verdict.Verdict) {
	g.mu.Lock()
	defer g.mu.Unlock()
	kept := *r // the handler's strings are valid during this call only
	for _, text := range []*string{&kept.RawKey, &kept.Username, &kept.Password, &kept.Product, &kept.App, &kept.Method, &kept.Path} {
		*text = strings.Clone(*text)
	}
	g.asked = append(g.asked, kept)
	if g.say == nil {
		v.Code = verdict.Valid
		return
	}
	g.say(r, v)
}

func (g *fakeVerifier) Feed(ctx context.Context, _ *gateway.Caller, after int64, wait time.Duration, yield func(*keycache.Change) error) error {
	return g.feed(ctx, after, wait, yield)
}

// last returns the last question.
func (g *fakeVerifier) last(t *testing.T) gateway.Request {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) == 0 {
		t.Fatal("the verifier was not asked")
	}
	return g.asked[len(g.asked)-1]
}

func (g *fakeVerifier) questions() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

// fakeUsage keeps batches in memory. Apps whose id ends in 0xff belong to others.
type fakeUsage struct {
	batches map[string][]usage.Reported
	err     error
}

func (u *fakeUsage) Accept(_ context.Context, by usage.Reporter, id string, calls []usage.Reported) (bool, error) {
	if u.err != nil {
		return false, u.err
	}
	if _, there := u.batches[id]; there {
		return true, nil
	}
	for _, c := range calls {
		if c.App[15] == 0xff || by.Organization != organization() {
			return false, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "It belongs to somebody else.")
		}
	}
	u.batches[id] = calls
	return false, nil
}

// testServer is a server on a real listener.
type testServer struct {
	verifier *fakeVerifier
	usage    *fakeUsage
	log      *syncBuffer
	url      string
	addr     string
	clock    *clock.Fake

	handler *httpapi.Handler
	server  server
	client  *http.Client
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// peer trusts every sender but "untrusted", and takes X-Forwarded-For for the
// caller.
func peer(_ netip.Addr, forwarded string) (netip.Addr, bool) {
	if forwarded == "untrusted" {
		return netip.MustParseAddr("192.0.2.9"), false
	}
	if a, err := netip.ParseAddr(forwarded); err == nil {
		return a, true
	}
	return netip.MustParseAddr("127.0.0.1"), true
}

// server is what serves a testServer.
type server interface {
	Serve(net.Listener) error
	Close() error
}

// onBoth runs a test against the package's own Server, with a connection for each
// request, so that fasthttp answers whatever it can; and against net/http alone.
func onBoth(t *testing.T, play func(t *testing.T, b *testServer)) {
	t.Helper()
	t.Run("two engines", func(t *testing.T) { play(t, newTestServer(t)) })
	t.Run("net/http", func(t *testing.T) {
		play(t, newTestServerWith(t, func(d *httpapi.Handler) server { return httpapi.HTTPServer(d, netip.Addr.IsLoopback) }))
	})
}

// onBothWithTimeouts is onBoth with servers that wait 100 ms for a request.
func onBothWithTimeouts(t *testing.T, write time.Duration, play func(t *testing.T, b *testServer)) {
	t.Helper()
	const read = 100 * time.Millisecond
	t.Run("two engines", func(t *testing.T) {
		play(t, newTestServerWith(t, func(d *httpapi.Handler) server {
			s := httpapi.NewServer(d)
			s.SetTimeouts(t, read, write)
			return s
		}))
	})
	t.Run("net/http", func(t *testing.T) {
		play(t, newTestServerWith(t, func(d *httpapi.Handler) server {
			s := httpapi.HTTPServer(d, netip.Addr.IsLoopback)
			httpapi.SetPlainTimeouts(t, s, read, write)
			return s
		}))
	})
}

func newTestServer(t testing.TB) *testServer {
	t.Helper()
	return newTestServerWith(t, func(d *httpapi.Handler) server { return httpapi.NewServer(d) })
}

func newTestServerWith(t testing.TB, by func(*httpapi.Handler) server) *testServer {
	t.Helper()
	b := &testServer{verifier: &fakeVerifier{}, usage: &fakeUsage{batches: map[string][]usage.Reported{}}, log: &syncBuffer{}, clock: clock.NewFake(noon())}
	b.handler = httpapi.New(httpapi.Options{
		Verifier: b.verifier, Usage: b.usage, Peer: peer, Clock: b.clock,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	b.server = by(b.handler)
	b.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if plain, ok := b.server.(*http.Server); ok {
		plain.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(b.log, nil), slog.LevelWarn)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- b.server.Serve(l) }()
	t.Cleanup(func() {
		_ = b.server.Close()
		<-done
		if text := b.log.String(); strings.Contains(text, secret) || strings.Contains(text, token) {
			t.Errorf("a secret is in the log: %s", text)
		}
	})
	b.addr, b.url = l.Addr().String(), "http://"+l.Addr().String()
	return b
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request with a valid token unless the headers say otherwise. headers
// are name, value, name, value …
func (b *testServer) send(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Portico-Gateway-Token", token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{response.StatusCode, response.Header, string(text)}
	for _, values := range a.header {
		if s := strings.Join(values, " "); strings.Contains(s, secret) || strings.Contains(s, token) {
			t.Errorf("a secret is in the header %q", s)
		}
	}
	if strings.Contains(a.body, secret) || strings.Contains(a.body, token) {
		t.Errorf("a secret is in the answer %q", a.body)
	}
	return a
}

func id(n byte) uuid.UUID {
	u := organization()
	u[15] = n
	return u
}

// fullVerdict returns a function that sets a verdict with everything in it.
func fullVerdict(code verdict.Code) func(*gateway.Request, *verdict.Verdict) {
	key := &verdict.Credential{ID: id(1), Username: id(9), Environment: access.Production}
	app, account := &verdict.App{ID: id(2)}, &verdict.Account{ID: id(3)}
	product, plan := &verdict.Product{ID: id(4), Name: "orders"}, &verdict.Plan{ID: id(5), Name: "Gold"}
	subscription := &verdict.Subscription{ID: id(6)}
	return func(_ *gateway.Request, v *verdict.Verdict) {
		*v = verdict.Verdict{Code: code, Credential: key, App: app, Account: account, Product: product, Plan: plan, Subscription: subscription, Endpoint: id(7),
			Limits: limits.Answer{
				Rate:  limits.Window{Limit: 100, Remaining: 99, ResetAt: noon().Add(600 * time.Millisecond), Per: time.Minute},
				Quota: limits.Window{Limit: 10000, Remaining: 42, ResetAt: noon().Add(time.Hour), Per: 24 * time.Hour},
			}}
	}
}
