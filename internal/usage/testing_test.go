package usage

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/limits"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/testdb"
)

// world is a database with an organization, and what counts in it.
type world struct {
	t       testing.TB
	db      *database.DB
	clock   *clock.Fake
	store   *Store
	counter *Counter
	flusher *Flusher
	org     uuid.UUID
	zone    *time.Location
}

// newWorld makes one whose clock stands at a time.
func newWorld(t testing.TB, url, zone string, now time.Time) *world {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	w := &world{t: t, db: testdb.Open(t, url), clock: clock.NewFake(now), counter: NewCounter(), zone: loc}
	w.store = NewStore(w.db, w.clock)
	w.flusher = w.newFlusher(w.counter, nil)
	w.org = w.organization(zone)
	return w
}

func (w *world) newFlusher(c *Counter, q Quotas) *Flusher {
	return NewFlusher(FlusherOptions{DB: w.db, Clock: w.clock, Counter: c, Quotas: q, Node: uuid.New()})
}

func (w *world) organization(zone string) uuid.UUID {
	id := uuid.New()
	w.exec(`INSERT INTO organizations (id, created_at, updated_at, slug, name, time_zone, longest_key_life) VALUES ($1, $2, $2, $3, 'Demo', $4, '{}')`,
		id, w.clock.Now(), "o"+id.String()[:8], zone)
	return id
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.ExecContext(context.Background(), query, args...)
	require.NoError(w.t, err, query)
}

// number reads one number.
func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRowContext(context.Background(), query, args...).Scan(&n), query)
	return n
}

func (w *world) flush() {
	w.t.Helper()
	require.NoError(w.t, w.flusher.Flush(context.Background()))
	require.NoError(w.t, w.flusher.Fold(context.Background()))
	require.NoError(w.t, w.flusher.FlushLastUsed(context.Background()))
}

func (w *world) rollUp() {
	w.t.Helper()
	require.NoError(w.t, w.store.RollUp(context.Background()))
}

// call makes a call by an app of the organization.
func (w *world) call(app uuid.UUID, code string) *Call {
	return &Call{Organization: w.org, Account: uuid.UUID{1}, App: app, Credential: app, Product: uuid.UUID{2}, Code: code}
}

// own makes what such a call names the organization's.
func (w *world) own(app uuid.UUID) {
	w.t.Helper()
	c, now := w.call(app, ""), w.clock.Now()
	w.exec(`INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES ($1, $2, $2, 'a', 'a', '{}', $3)`, c.Account, now, w.org)
	w.exec(`INSERT INTO apps (id, created_at, updated_at, account_id, reference_id, name, name_folded, labels, organization_id) VALUES ($1, $2, $2, $3, $1, 'a', 'a', '[]', $4)`, c.App, now, c.Account, w.org)
	w.exec(`INSERT INTO credentials (id, created_at, updated_at, username, secret_hash, account_id, organization_id) VALUES ($1, $2, $2, $1, 'x', $3, $4)`, c.Credential, now, c.Account, w.org)
	w.exec(`INSERT INTO products (id, created_at, updated_at, name, title, title_folded, auth_types, organization_id) VALUES ($1, $2, $2, 'p', 'p', 'p', '[]', $3)`, c.Product, now, w.org)
}

// query asks in the organization's zone.
func (w *world) query(i Interval, from, to time.Time) Query {
	return Query{Organization: w.org, From: from, To: to, Location: w.zone, OrganizationLocation: w.zone, Interval: i}
}

func (w *world) report(q Query) *Report {
	w.t.Helper()
	r, err := w.store.Report(context.Background(), q)
	require.NoError(w.t, err)
	return r
}

func randomID(r *rand.Rand) (id uuid.UUID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// quotaUsed returns the latest count of each subscription.
func (s *Store) quotaUsed(ctx context.Context, subscriptions []uuid.UUID, at time.Time) (map[uuid.UUID]limits.Used, error) {
	all, err := s.QuotasUsed(ctx, subscriptions, at)
	out := make(map[uuid.UUID]limits.Used, len(all))
	for id, periods := range all {
		out[id] = periods[len(periods)-1]
	}
	return out, err
}
