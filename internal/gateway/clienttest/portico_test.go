package clienttest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate"
	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/rawkey"
	"portico/clients/go/gate/verdict"
	"portico/clients/go/gate/zone"
	"portico/internal/apikey"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/gateway/httpapi"
	"portico/internal/usage"
)

const token = "the gateway's token"

// portico serves the real HTTP endpoints over a fake gateway, which decides by the
// real rules about an organization with one app.
type portico struct {
	URL   string
	clock *clock.Fake
	store *keycache.Cache
	asked atomic.Int64
	limit *limits.Memory

	mu       sync.Mutex
	came     *sync.Cond
	changes  []keycache.Change
	applied  int64 // the position from which the gate has asked for what follows
	oldest   int64 // positions below it are TOO_OLD
	away     bool  // every answer is UNAVAILABLE
	revoked  bool  // the token is rejected
	says     verdict.Code
	secrets  map[uuid.UUID]uuid.UUID
	imported string // a key of another form that is the organization's key too
	batches  map[string][]usage.Reported
	sent     int                        // received reports, repeated ones included
	forgets  bool                       // the answers to reports are lost
	foreign  func(*usage.Reported) bool // nil: no report names a foreign object
	now      state
	organize uuid.UUID
}

// state is the content of the organization.
type state struct {
	catalogue  keycache.Catalogue
	account    keycache.Account
	app        keycache.App
	credential keycache.Credential
}

func newPortico(t *testing.T) *portico {
	t.Helper()
	p := &portico{clock: clock.NewFake(time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)), store: keycache.New(0),
		secrets: map[uuid.UUID]uuid.UUID{}, batches: map[string][]usage.Reported{}, organize: uuid.New()}
	p.came = sync.NewCond(&p.mu)
	p.limit = limits.NewMemory(p.clock, func() time.Duration { return 0 }, 0)
	plan := keycache.Plan{ID: uuid.New(), Name: "Free plan"}
	product := keycache.Product{ID: uuid.New(), Name: "rates", AuthTypes: access.AuthTypes(), Plans: []keycache.Plan{plan}}
	p.now.catalogue = keycache.Catalogue{Organization: keycache.Organization{ID: p.organize, Slug: "demo", TimeZone: zone.Zone{Location: time.UTC}}, Products: []keycache.Product{product}}
	p.now.account = keycache.Account{ID: uuid.New(), Status: access.AccountActive}
	p.now.app = keycache.App{ID: uuid.New(), AccountID: p.now.account.ID, ReferenceID: uuid.New(),
		Subscriptions: []keycache.Subscription{{ID: uuid.New(), ProductID: product.ID, PlanID: plan.ID, Status: access.SubscriptionApproved}}}
	p.change(func(*state) {})
	server := httptest.NewUnstartedServer(httpapi.New(httpapi.Options{Verifier: p, Usage: p, Clock: p.clock, Log: quiet(),
		Peer: func(netip.Addr, string) (netip.Addr, bool) { return netip.MustParseAddr("127.0.0.1"), true }}))
	server.Config.Protocols = nil
	server.Start()
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// newKey creates a key of the app.
func (p *portico) newKey(t *testing.T) (raw string) {
	t.Helper()
	secret, err := apikey.Mint("demo")
	require.NoError(t, err)
	p.mu.Lock()
	p.secrets[secret.Username] = secret.Password
	p.mu.Unlock()
	p.change(func(s *state) {
		s.credential = keycache.Credential{ID: uuid.New(), Username: secret.Username, AccountID: s.account.ID, AppID: &s.app.ID,
			Status: access.CredentialActive, Environment: access.Development, Access: access.AllProducts}
	})
	return secret.RawKey
}

// change changes the organization and adds the change to the feed.
func (p *portico) change(f func(*state)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.now)
	c := keycache.Change{Position: int64(len(p.changes) + 1), Catalogue: new(p.now.catalogue), Accounts: []keycache.Account{p.now.account}, Apps: []keycache.App{p.now.app}}
	if p.now.credential.ID != uuid.Nil {
		c.Credentials = []keycache.Credential{p.now.credential}
	}
	p.tell(c)
}

// awaitApplied returns when the gate has applied all changes.
func (p *portico) awaitApplied() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.applied < int64(len(p.changes)) {
		p.came.Wait()
	}
}

// gone deletes the key.
func (p *portico) gone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell(keycache.Change{Position: int64(len(p.changes) + 1), GoneCredentials: []uuid.UUID{p.now.credential.ID}})
	p.now.credential = keycache.Credential{}
}

func (p *portico) tell(c keycache.Change) {
	p.changes = append(p.changes, c)
	p.store.Apply(&c)
	p.came.Broadcast()
}

// set changes the behaviour of portico.
func (p *portico) set(f func(p *portico)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
	p.came.Broadcast()
}

func (p *portico) Caller(_ context.Context, text string) (*gateway.Caller, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.away:
		return nil, fault.New(fault.CodeUnavailable, fault.ReasonDatabase, "Away.")
	case text != token || p.revoked:
		return nil, fault.New(fault.CodeUnauthenticated, fault.ReasonInvalidToken, "No.")
	}
	return &gateway.Caller{Organization: p.organize}, nil
}

func (p *portico) Verify(ctx context.Context, _ *gateway.Caller, r *gateway.Request, v *verdict.Verdict) {
	p.asked.Add(1)
	p.mu.Lock()
	says := p.says
	username, password, ok := rawkey.Parse(r.RawKey)
	if r.Presented == access.Basic {
		var first, second error
		username, first = uuid.Parse(r.Username)
		password, second = uuid.Parse(r.Password)
		ok = first == nil && second == nil
	}
	right := p.secrets[username] == password
	if p.imported != "" && r.RawKey == p.imported && p.now.catalogue.Organization.ImportedKeys {
		username, ok, right = p.now.credential.Username, true, true
	}
	p.mu.Unlock()
	var c verdict.Facts
	switch {
	case says != 0:
		v.Code = says
		return
	case r.Presented == "":
		v.Code = verdict.Valid
		return
	case !ok:
		v.Code = verdict.Malformed
		return
	case !right || !p.store.Facts(username, &c):
		v.Code = verdict.NotFound
		return
	}
	verdict.Decide(&verdict.Question{Product: r.Product, App: r.App, Method: r.Method, Path: r.Path, Address: r.Address, Presented: r.Presented, Now: p.clock.Now()}, &c, v)
	if v.Code != verdict.Valid {
		return
	}
	ask := limits.Ask{Key: v.Credential.ID}
	v.Plan.Bind(v.Subscription, v.Endpoint, &ask)
	p.limit.Take(ctx, &ask, &v.Limits)
	if v.Limits.Outcome == limits.QuotaUnknown {
		start, _ := ask.Quota.Period(p.clock.Now(), nil)
		p.limit.Load(ask.QuotaCounter(), start, 7)
		for _, c := range ask.Further {
			start, _ := c.Quota.Period(p.clock.Now(), nil)
			p.limit.Load(c.Counter, start, 7)
		}
		p.limit.Take(ctx, &ask, &v.Limits)
	}
	switch v.Limits.Outcome {
	case limits.RateExceeded:
		v.Code = verdict.RateLimited
	case limits.QuotaExceeded:
		v.Code = verdict.QuotaExceeded
	}
}

func (p *portico) Feed(ctx context.Context, _ *gateway.Caller, after int64, wait time.Duration, yield func(*keycache.Change) error) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	defer context.AfterFunc(ctx, func() { p.set(func(*portico) {}) })() // wakes the waiting polls
	p.mu.Lock()
	p.applied = max(p.applied, after)
	p.came.Broadcast()
	if after >= 0 && after < p.oldest {
		p.mu.Unlock()
		return gateway.ErrTooOld
	}
	for after >= int64(len(p.changes)) && !p.away && ctx.Err() == nil {
		p.came.Wait()
	}
	away, changes := p.away, slices.Clone(p.changes[min(max(after, 0), int64(len(p.changes))):])
	p.mu.Unlock()
	if away {
		return fault.New(fault.CodeUnavailable, fault.ReasonDatabase, "Away.")
	}
	if len(changes) == 0 {
		return yield(&keycache.Change{Position: after})
	}
	for i := range changes {
		if err := yield(&changes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *portico) Accept(_ context.Context, _ usage.Reporter, id string, calls []usage.Reported) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, replayed := p.batches[id]
	if !replayed {
		if p.foreign != nil && slices.ContainsFunc(calls, func(c usage.Reported) bool { return p.foreign(&c) }) {
			return false, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "It belongs to somebody else.")
		}
		p.batches[id] = calls
	}
	p.sent++
	if p.forgets {
		return false, fault.New(fault.CodeUnavailable, fault.ReasonDatabase, "The answer is lost.")
	}
	return replayed, nil
}

// counted returns the calls that were reported, by code.
func (p *portico) counted() map[string]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]int64{}
	for _, calls := range p.batches {
		for _, c := range calls {
			out[c.Code] += c.Calls
		}
	}
	return out
}

// guarded is an API protected by a Gate.
type guarded struct {
	*gate.Gate
	portico *portico
	mono    atomic.Int64
	api     http.Handler
}

func guard(t *testing.T, p *portico) *guarded {
	t.Helper()
	g := &guarded{portico: p}
	created, err := gate.New(t.Context(), gate.Options{URL: p.URL, Token: token, Product: "rates", Log: quiet(), Now: p.clock.Now, Elapsed: func() time.Duration { return time.Duration(g.mono.Load()) }})
	require.NoError(t, err)
	g.Gate = created
	g.api = g.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, ok := gate.FromContext(r.Context())
		if !ok || !v.Valid {
			w.WriteHeader(http.StatusInternalServerError)
		}
		for name, values := range r.Header {
			w.Header()["Got-"+name] = values
		}
	}))
	t.Cleanup(func() { _ = g.Close(context.Background()) })
	return g
}

// call calls the API with headers in pairs.
func (g *guarded) call(headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/rates?x=1", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.api.ServeHTTP(w, r)
	return w
}

// eventually calls until the API answers with status and code.
func (g *guarded) eventually(t *testing.T, status int, code string, headers ...string) {
	t.Helper()
	var w *httptest.ResponseRecorder
	require.Eventually(t, func() bool { w = g.call(headers...); return w.Code == status }, 20*time.Second, time.Millisecond)
	require.Equal(t, code, w.Header().Get("X-Portico-Code"))
}
