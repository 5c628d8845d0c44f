package graph_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/auth"
	"portico/internal/gateway"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/usage"
	"portico/internal/usage/intake"
	usagereport "portico/internal/usage/report"
)

// calls counts the calls on a server with the gateway's own parts, without
// gateways.
type calls struct {
	verifier *gateway.Verifier
	intake   *intake.Store
	reports  *usagereport.Reader
	counter  *intake.Counter
	limits   *limits.Memory
	flusher  *intake.Flusher
}

func newCalls(f *portaltest.Fixture) *calls {
	c := &calls{intake: intake.NewStore(f.Database, f.Clock), reports: usagereport.NewReader(f.Database, f.Clock), counter: intake.NewCounter(), limits: limits.NewMemory(f.Clock, nil, 0)}
	c.flusher = intake.NewFlusher(intake.FlusherOptions{DB: f.Database, Clock: f.Clock, Counter: c.counter, Quotas: c.limits})
	c.verifier = gateway.New(gateway.Options{
		DB: f.Database, Clock: f.Clock, Peppers: f.Ring, Tokens: auth.NewMachineTokens(f.Ring),
		Memory: c.limits, Counter: c.counter, Usage: c.intake, CountsStored: c.flusher.Through, NodeID: uuid.New(), NodeName: "test",
	})
	return c
}

// flush stores the counts.
func (c *calls) flush(t testing.TB) {
	t.Helper()
	require.NoError(t, c.flusher.Flush(t.Context()))
	require.NoError(t, c.flusher.FlushLastUsed(t.Context()))
}

// idOf returns the row's id of an opaque id; zero for "".
func idOf(id string) uuid.UUID {
	_, row, _ := nodeid.Split(id)
	return row
}

// called counts calls, by opaque ids.
func (s *server) called(organization uuid.UUID, account, app, key, product string, code verdict.Code, at time.Time, n int64) {
	s.calls.counter.Add(&usage.Call{
		Organization: organization, Account: idOf(account), App: idOf(app), Credential: idOf(key), Product: idOf(product), Code: code.String(),
	}, at, n)
}

// used takes a number of calls from a subscription's quota of 1000 a month.
func (s *server) used(t testing.TB, organization, counter uuid.UUID, n int64) {
	t.Helper()
	quota := limits.Quota{Limit: 1000, Per: access.PerMonth}
	start, _ := quota.Period(s.Clock.Now(), time.UTC)
	ask := &limits.Ask{Organization: organization, AppCounter: counter, Quota: quota, Location: time.UTC, Cost: n}
	var out limits.Answer
	s.calls.limits.Peek(t.Context(), ask, &out) // loads only this counter
	s.calls.limits.Load(counter, start, 0)
	s.calls.limits.Take(t.Context(), ask, &out)
	require.Equal(t, limits.Passed, out.Outcome)
}

// serve creates a node as if it were running and had applied an organization's
// log up to a position; with a negative one, as if it had never been asked about
// the organization.
func (s *server) serve(t testing.TB, organization uuid.UUID, name string, position int64) {
	t.Helper()
	node, now := uuid.New(), s.Clock.Now()
	exec := func(text string, args ...any) {
		_, err := s.Database.ExecContext(t.Context(), text, args...)
		require.NoError(t, err)
	}
	exec(`INSERT INTO gate_nodes (id, name, started_at, seen_at, flushed_at) VALUES ($1, $2, $3, $3, $3)`, node, name, now)
	if position >= 0 {
		exec(`INSERT INTO gate_cursors (id, node_id, organization_id, position, applied_at) VALUES ($1, $2, $3, $4, $5)`, uuid.New(), node, organization, position, now)
	}
}

// countCalls counts calls of the developer's app, and of the others' apps.
func (w *world) countCalls() {
	one, two := w.one.Organization.ID, w.two.Organization.ID
	at := portaltest.Start().Add(-time.Minute) // the present minute is not over
	for _, product := range []string{"private product", "product"} {
		w.called(one, w.ids["account"], w.ids["app"], w.ids["key"], w.ids[product], verdict.Valid, at, 3)
		w.called(one, w.ids["account"], w.ids["app"], w.ids["key"], w.ids[product], verdict.RateLimited, at, 2)
		w.used(w.t, one, limits.ByApp(idOf(w.ids["app"]), idOf(w.ids[product])), 3)
	}
	w.called(one, w.ids["other's account"], w.ids["other's app"], "", w.ids["product"], verdict.Waiting, at, 1)
	w.called(two, w.ids["foreign account"], w.ids["foreign app"], "", w.ids["foreign product"], verdict.Waiting, at, 1)
	w.calls.flush(w.t)
	_, err := w.calls.intake.Accept(w.t.Context(), usage.Reporter{Organization: one}, "batch", []usage.Reported{{
		Call: usage.Call{Organization: one, Account: idOf(w.ids["account"]), App: idOf(w.ids["app"]), Credential: idOf(w.ids["key"]), Product: idOf(w.ids["product"])},
		At:   at, Calls: 2, StatusClass: 2, Latency: 30 * time.Millisecond,
	}})
	require.NoError(w.t, err)
	w.serve(w.t, one, "idle", -1)
	w.serve(w.t, one, "late", 0)
}

// productName returns the name by which gateways know a product.
func (w *world) productName(specimen string) string {
	p, err := w.Client.Product.Get(portaltest.System(w.t), idOf(w.ids[specimen]))
	require.NoError(w.t, err)
	return p.Name
}
