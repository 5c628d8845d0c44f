package gateway_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/usage/intake"
)

// world is an organization with a product, a registered app and its key.
type world struct {
	*portaltest.Fixture
	portaltest.Tenant
	url     string
	tokens  *auth.MachineTokens
	product *db.Product
	plan    *db.Plan
	made    apps.CreatedApp
	sub     *db.Subscription
	mono    atomic.Int64
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	f := portaltest.New(t, url)
	w := &world{Fixture: f, Tenant: f.MustTenant(t, "acme"), url: url, tokens: auth.NewMachineTokens(f.Ring)}
	w.product, w.plan = f.MustProduct(t, w.Admin, "weather")
	w.made = f.MustApp(t, w.Developer, "Rain")
	w.sub = w.approved(t, w.made.App, w.product, w.plan)
	return w
}

func (w *world) approved(t testing.TB, a *db.App, p *db.Product, by *db.Plan) *db.Subscription {
	t.Helper()
	s := w.MustRegister(t, w.Developer, a, p, by)
	return must(t)(w.Portal.Apps.Approve(w.Admin, s.GlobalID(), nil))
}

// must ends the test when something that has to work does not.
func must(t testing.TB) func(s *db.Subscription, err error) *db.Subscription {
	return func(s *db.Subscription, err error) *db.Subscription {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func ok[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// verifier returns a Verifier that uses the world's database, or over another connection to it.
func (w *world) verifier(t testing.TB, change ...func(*gateway.Options)) *gateway.Verifier {
	t.Helper()
	mono := func() time.Duration { return time.Duration(w.mono.Load()) }
	o := gateway.Options{
		DB: w.Database, DatabaseURL: w.url, Clock: w.Clock, Mono: mono, Peppers: w.Ring, Tokens: w.tokens,
		Memory: limits.NewMemory(w.Clock, mono, 0), Counter: intake.NewCounter(), NodeID: uuid.New(), NodeName: "node",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, c := range change {
		c(&o)
	}
	o.Usage = intake.NewStore(o.DB, w.Clock)
	return gateway.New(o)
}

// run runs a Verifier until the test ends.
func run(t testing.TB, g *gateway.Verifier) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); g.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// token makes a gateway's token.
func (w *world) token(t testing.TB, in identity.NewGateway) string {
	t.Helper()
	token, hash, hint := w.tokens.New()
	in.Organization, in.Hash, in.Hint = w.Organization.Slug, hash, hint
	if in.Name == "" {
		in.Name = uuid.NewString()
	}
	_, err := w.Portal.Identity.CreateGateway(t.Context(), in)
	ok(t, 0, err)
	return token
}

func (w *world) caller(t testing.TB, g *gateway.Verifier) *gateway.Caller {
	t.Helper()
	c, err := g.Caller(t.Context(), w.token(t, identity.NewGateway{}))
	return ok(t, c, err)
}

// request shows the world's key for its product.
func (w *world) request() *gateway.Request { return requestWith(w.made.Secret) }

func requestWith(s *apikey.Secret) *gateway.Request {
	return &gateway.Request{RawKey: s.RawKey, Presented: access.APIKey, Product: "weather"}
}

func verify(t testing.TB, g *gateway.Verifier, c *gateway.Caller, r *gateway.Request) verdict.Code {
	t.Helper()
	var v verdict.Verdict
	g.Verify(t.Context(), c, r, &v)
	return v.Code
}

func requireVerdict(t testing.TB, g *gateway.Verifier, c *gateway.Caller, r *gateway.Request, want verdict.Code) {
	t.Helper()
	if got := verify(t, g, c, r); got != want {
		t.Errorf("answered %s, want %s", got, want)
	}
}

// requireSoon waits for a condition.
func requireSoon(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come: " + what)
		}
	}
}

func (w *world) secondDB(t testing.TB) *database.DB { t.Helper(); return testdb.Open(t, w.url) }

func ptr[T any](v T) *T { return &v }

func set[T any](v T) input.Patch[T] { return input.Patch[T]{Set: true, Value: &v} }

func unknownToken(w *world) string {
	token, _, _ := w.tokens.New()
	return token
}

func isUnauthenticated(err error) bool { return fault.Is(err, fault.CodeUnauthenticated) }
