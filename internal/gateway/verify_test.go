package gateway_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keycache"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/testdb"
	"portico/internal/usage/intake"
)

func TestPresentedCredentials(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		s := w.made.Secret
		basic := func(username, password string) *gateway.Request {
			return &gateway.Request{Username: username, Password: password, Presented: access.Basic}
		}
		raw := func(text string) *gateway.Request { return &gateway.Request{RawKey: text, Presented: access.APIKey} }
		for name, x := range map[string]struct {
			r    *gateway.Request
			want verdict.Code
		}{
			"the key":            {raw(s.RawKey), verdict.Valid},
			"the pair":           {basic(s.Username.String(), s.Password.String()), verdict.Valid},
			"nothing":            {&gateway.Request{}, verdict.Malformed},
			"declared malformed": {&gateway.Request{RawKey: s.RawKey, Presented: access.APIKey, Malformed: true}, verdict.Malformed},
			"a wrong checksum":   {raw(s.RawKey[:len(s.RawKey)-1] + "_"), verdict.Malformed},
			"a megabyte":         {raw(strings.Repeat("a", 1<<20)), verdict.Malformed},
			"both":               {&gateway.Request{RawKey: s.RawKey, Username: s.Username.String(), Presented: access.APIKey}, verdict.Malformed},
			"no password":        {basic(s.Username.String(), ""), verdict.Malformed},
			"braces":             {basic("{"+s.Username.String()+"}", s.Password.String()), verdict.Malformed},
			"a wrong password":   {basic(s.Username.String(), uuid.NewString()), verdict.NotFound},
			"unknown name":       {basic(uuid.NewString(), s.Password.String()), verdict.NotFound},
			"another product":    {&gateway.Request{RawKey: s.RawKey, Presented: access.APIKey, Product: "tides"}, verdict.NotSubscribed},
		} {
			for range 2 { // from the database, and from memory
				if got := verify(t, g, c, x.r); got != x.want {
					t.Errorf("%s: answered %s, want %s", name, got, x.want)
				}
			}
		}
	})
}

func TestKeylessProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		open := &gateway.Request{Product: "open", Method: "GET", Path: "/x"}
		p, err := w.Portal.Catalog.CreateProduct(w.Admin, catalog.CreateProductInput{Name: "open", Keyless: ptr(true)})
		ok(t, p, err)
		sync := func() { t.Helper(); ok(t, 0, g.Sync(t.Context(), w.Organization.ID)) }
		sync()
		requireVerdict(t, g, c, open, verdict.Malformed) // it is not out yet
		w.MustPlan(t, w.Admin, p, "free")
		published := catalog.UpdateProductInput{ProductID: p.GlobalID(), Status: set(domain.Published)}
		ok(t, 0, errorOf(w.Portal.Catalog.UpdateProduct(w.Admin, published)))
		sync()
		requireVerdict(t, g, c, open, verdict.Valid)
		requireVerdict(t, g, c, &gateway.Request{Product: "open", RawKey: "junk", Presented: access.APIKey}, verdict.Valid) // it may be meant for the API behind
		ok(t, 0, errorOf(w.Portal.Catalog.UpdateProduct(w.Admin, catalog.UpdateProductInput{ProductID: p.GlobalID(), EnforceEndpoints: set(true)})))
		sync()
		requireVerdict(t, g, c, open, verdict.EndpointNotAllowed)
		ok(t, 0, errorOf(w.Portal.Catalog.CreateEndpoint(w.Admin, catalog.CreateEndpointInput{ProductID: p.GlobalID(), Method: access.MethodGet, Path: "/{id}"})))
		sync()
		requireVerdict(t, g, c, open, verdict.Valid)
	})
}

// Limits hold, verdicts are counted and stored, and a restart forgets no quota.
func TestLimitsAndCounts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		ok(t, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(), Quota: set(access.Quota{Limit: 3, Per: access.PerMonth})})))
		var o gateway.Options
		g := w.verifier(t, func(p *gateway.Options) { o = *p })
		c := w.caller(t, g)
		for _, want := range []verdict.Code{verdict.Valid, verdict.Valid} {
			requireVerdict(t, g, c, w.request(), want)
		}
		e, err := g.Explain(t.Context(), &gateway.Caller{Organization: w.Organization.ID}, w.made.Credential.ID, &gateway.Request{Product: "weather"}, w.Clock.Now())
		if ok(t, e, err).Code != verdict.Valid || e.Verdict.Limits.Quota.Remaining != 1 {
			t.Errorf("explained as %+v", e)
		}
		f := intake.NewFlusher(intake.FlusherOptions{DB: w.Database, Clock: w.Clock, Counter: o.Counter, Quotas: o.Memory})
		ok(t, 0, f.Flush(t.Context()))

		again := w.verifier(t)
		d := w.caller(t, again)
		requireVerdict(t, again, d, w.request(), verdict.Valid)
		requireVerdict(t, again, d, w.request(), verdict.QuotaExceeded)
		var calls int64
		ok(t, 0, w.Database.QueryRowContext(t.Context(), `SELECT sum(calls) FROM usage_minutes WHERE credential_id = $1 AND code = 'VALID'`, w.made.Credential.ID).Scan(&calls))
		if calls != 2 {
			t.Errorf("%d calls are stored", calls)
		}
	})
}

func TestExplanations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		ok(t, 0, errorOf(w.Portal.Apps.Suspend(w.Admin, w.sub.GlobalID(), nil)))
		e, err := g.Explain(t.Context(), &gateway.Caller{Organization: w.Organization.ID}, w.made.Credential.ID, &gateway.Request{Product: "weather"}, w.Clock.Now())
		ok(t, e, err)
		last := e.Steps[len(e.Steps)-1]
		if e.Code != verdict.Suspended || last.Code != verdict.Suspended || last.Passed {
			t.Errorf("explained as %+v", e)
		}
		for _, other := range [][2]uuid.UUID{{w.Organization.ID, uuid.New()}, {uuid.New(), w.made.Credential.ID}} {
			if _, err := g.Explain(t.Context(), &gateway.Caller{Organization: other[0]}, other[1], &gateway.Request{}, w.Clock.Now()); !fault.Is(err, fault.CodeNotFound) {
				t.Errorf("somebody else's key gave %v", err)
			}
		}
	})
}

// The feed builds the same copy, and contains no hash.
func TestTheFeed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		g.SetPage(2)
		c := w.caller(t, g)
		for range 4 {
			w.key(t)
		}
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		s, at := keycache.New(0), int64(-1)
		take := func(change *keycache.Change) error {
			for _, k := range change.Credentials {
				if k.Hash == nil {
					t.Error("a hash went missing before it was written")
				}
			}
			s.Apply(change)
			at = change.Position
			return nil
		}
		ok(t, 0, g.Feed(t.Context(), c, -1, 0, take))
		if s.Len() != 5 {
			t.Errorf("the snapshot has %d keys", s.Len())
		}
		before := at
		ok(t, 0, g.Feed(t.Context(), c, at, 0, take)) // nothing new: a sign of life
		if at != before {
			t.Errorf("went from %d to %d", before, at)
		}
		ok(t, 0, errorOf(w.Portal.Apps.RevokeKey(w.Developer, w.made.Credential.GlobalID(), nil, nil)))
		ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
		ok(t, 0, g.Feed(t.Context(), c, at, 0, take))
		var facts verdict.Facts
		if !s.Facts(w.made.Credential.Username, &facts) || facts.Credential.Status != "REVOKED" || at <= before {
			t.Errorf("the feed told %+v", facts.Credential)
		}
		if err := g.Feed(t.Context(), c, at+1, 0, take); err != gateway.ErrTooOld {
			t.Errorf("a position of another log gave %v", err)
		}
	})
}

func TestEnforcement(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		named := func(name string) func(*gateway.Options) { return func(o *gateway.Options) { o.NodeName = name } }
		fast, slow := w.verifier(t, named("fast")), w.verifier(t, named("slow"))
		for _, g := range []*gateway.Verifier{fast, slow} {
			requireVerdict(t, g, w.caller(t, g), w.request(), verdict.Valid)
			ok(t, 0, g.Sync(t.Context(), w.Organization.ID))
			ok(t, 0, g.ReportOnce(t.Context()))
		}
		id := w.made.Credential.ID
		reported := func() gateway.Enforcement {
			t.Helper()
			all, err := fast.Enforcements(t.Context(), w.Organization.ID, []uuid.UUID{id})
			return ok(t, all, err)[id]
		}
		if e := reported(); len(e.AppliedBy) != 2 || len(e.Pending) != 0 || e.Revision == 0 || e.Lag != 0 {
			t.Errorf("all know, and it reports %+v", e)
		}
		ok(t, 0, errorOf(w.Portal.Apps.RevokeKey(w.Developer, w.made.Credential.GlobalID(), nil, nil)))
		ok(t, 0, fast.Sync(t.Context(), w.Organization.ID))
		ok(t, 0, fast.ReportOnce(t.Context()))
		if e := reported(); len(e.AppliedBy) != 1 || e.AppliedBy[0] != "fast" || len(e.Pending) != 1 || e.Pending[0] != "slow" {
			t.Errorf("one knows, and it reports %+v", e)
		}
	})
}

func TestMetricsAreCounted(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	r := prometheus.NewRegistry()
	g := w.verifier(t, func(o *gateway.Options) { o.Metrics = gateway.NewMetrics(r) })
	c := w.caller(t, g)
	for range 3 {
		requireVerdict(t, g, c, w.request(), verdict.Valid)
	}
	families, err := r.Gather()
	ok(t, 0, err)
	sums := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			sums[f.GetName()] += m.GetCounter().GetValue()
		}
	}
	if sums["portico_gate_verdicts_total"] != 3 || sums["portico_gate_lookups_total"] != 3 {
		t.Errorf("counted %v", sums)
	}
}

// BenchmarkVerify is a verdict on a cached key, with limits and counting on.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b, testdb.SQLite(b))
	ok(b, 0, errorOf(w.updatePlan(catalog.UpdatePlanInput{PlanID: w.plan.GlobalID(),
		RateLimit: set(access.RateLimit{Limit: 1_000_000, Per: access.PerSecond, Burst: 1_000_000}), Quota: set(access.Quota{Limit: 2_000_000_000, Per: access.PerMonth})})))
	g := w.verifier(b, func(o *gateway.Options) { o.Mono = nil; o.Memory = limits.NewMemory(o.Clock, nil, 0) })
	c := w.caller(b, g)
	r := w.request()
	b.ReportAllocs()
	var v verdict.Verdict
	for b.Loop() {
		g.Verify(b.Context(), c, r, &v)
	}
	if v.Code != verdict.Valid && v.Code != verdict.RateLimited {
		b.Fatal(v.Code)
	}
}

// A call that names no product passes neither where NeedsProduct is set, nor with
// tokens that are bound to several products.
func TestACallThatNamesNoProduct(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		g := w.verifier(t)
		c := w.caller(t, g)
		r := requestWith(w.made.Secret)
		r.Product = ""
		requireVerdict(t, g, c, r, verdict.Valid)
		r.NeedsProduct = true
		requireVerdict(t, g, c, r, verdict.NotSubscribed)
		r.NeedsProduct = false
		bound := &gateway.Caller{Organization: c.Organization, Token: c.Token, Products: []uuid.UUID{w.product.ID, uuid.New()}}
		requireVerdict(t, g, bound, r, verdict.NotSubscribed)
		bound.Products = bound.Products[:1]
		requireVerdict(t, g, bound, r, verdict.Valid) // the only one is meant
	})
}
