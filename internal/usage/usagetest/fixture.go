package usagetest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/zone"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/testdb"
	"portico/internal/usage"
)

// Fixture is a database with an organization.
type Fixture struct {
	T            testing.TB
	DB           *database.DB
	Clock        *clock.Fake
	Organization uuid.UUID
	Zone         *time.Location // of the organization
}

// New returns a fixture in the database at url, whose clock stands at now.
func New(t testing.TB, url, timeZone string, now time.Time) *Fixture {
	t.Helper()
	loc, err := zone.Load(timeZone)
	require.NoError(t, err)
	f := &Fixture{T: t, DB: testdb.Open(t, url), Clock: clock.NewFake(now), Zone: loc}
	f.Organization = f.AddOrganization(timeZone)
	return f
}

// AddOrganization adds an organization with a time zone.
func (f *Fixture) AddOrganization(timeZone string) uuid.UUID {
	f.T.Helper()
	id := uuid.New()
	f.Exec(`INSERT INTO organizations (id, created_at, updated_at, slug, name, time_zone, longest_key_life) VALUES ($1, $2, $2, $3, 'Demo', $4, '{}')`,
		id, f.Clock.Now(), "o"+id.String()[:8], timeZone)
	return id
}

// AddCredential adds a credential that is two days old, in an account of its own.
func (f *Fixture) AddCredential() uuid.UUID {
	f.T.Helper()
	account, credential, created := uuid.New(), uuid.New(), f.Clock.Now().Add(-48*time.Hour)
	f.addAccount(account, created)
	f.addCredential(credential, account, created)
	return credential
}

// AddObjectsOf adds the account, the app, the credential and the product of Call.
func (f *Fixture) AddObjectsOf(app uuid.UUID) {
	f.T.Helper()
	c, now := f.Call(app, ""), f.Clock.Now()
	f.addAccount(c.Account, now)
	f.addApp(c.App, c.Account, now)
	f.addCredential(c.Credential, c.Account, now)
	f.addProduct(c.Product, now)
}

// Subscription is a subscription and what it depends on.
type Subscription struct{ ID, Account, App, Product uuid.UUID }

// AddSubscription adds an approved subscription with an app, a product and a plan. quota
// is the plan's, as JSON.
func (f *Fixture) AddSubscription(app uuid.UUID, quota string) Subscription {
	f.T.Helper()
	s := Subscription{ID: uuid.New(), Account: uuid.New(), App: app, Product: uuid.New()}
	plan, now := uuid.New(), f.Clock.Now()
	f.addAccount(s.Account, now)
	f.addApp(s.App, s.Account, now)
	f.addProduct(s.Product, now)
	f.Exec(`INSERT INTO plans (id, created_at, updated_at, product_id, name, kind, quota, organization_id) VALUES ($1, $2, $2, $3, 'p', 'FREE', $4, $5)`,
		plan, now, s.Product, quota, f.Organization)
	f.Exec(`INSERT INTO subscriptions (id, created_at, updated_at, account_id, app_id, product_id, plan_id, status, newest, organization_id) VALUES ($1, $2, $2, $3, $4, $5, $6, 'APPROVED', true, $7)`,
		s.ID, now, s.Account, s.App, s.Product, plan, f.Organization)
	return s
}

func (f *Fixture) addAccount(id uuid.UUID, created time.Time) {
	f.Exec(`INSERT INTO accounts (id, created_at, updated_at, name, name_folded, profile, organization_id) VALUES ($1, $2, $2, 'a', 'a', '{}', $3)`, id, created, f.Organization)
}

func (f *Fixture) addApp(id, account uuid.UUID, created time.Time) {
	f.Exec(`INSERT INTO apps (id, created_at, updated_at, account_id, reference_id, name, name_folded, labels, organization_id) VALUES ($1, $2, $2, $3, $1, 'a', 'a', '[]', $4)`, id, created, account, f.Organization)
}

func (f *Fixture) addCredential(id, account uuid.UUID, created time.Time) {
	f.Exec(`INSERT INTO credentials (id, created_at, updated_at, username, secret_hash, account_id, organization_id) VALUES ($1, $2, $2, $1, 'x', $3, $4)`, id, created, account, f.Organization)
}

func (f *Fixture) addProduct(id uuid.UUID, created time.Time) {
	f.Exec(`INSERT INTO products (id, created_at, updated_at, name, title, title_folded, auth_types, organization_id) VALUES ($1, $2, $2, 'p', 'p', 'p', '[]', $3)`, id, created, f.Organization)
}

// Exec runs a statement.
func (f *Fixture) Exec(query string, args ...any) {
	f.T.Helper()
	_, err := f.DB.ExecContext(context.Background(), query, args...)
	require.NoError(f.T, err, query)
}

// Number returns the number that a query selects.
func (f *Fixture) Number(query string, args ...any) (n int64) {
	f.T.Helper()
	require.NoError(f.T, f.DB.QueryRowContext(context.Background(), query, args...).Scan(&n), query)
	return n
}

// Call returns a call by an app of the organization, whose credential has the same id.
func (f *Fixture) Call(app uuid.UUID, code string) *usage.Call {
	return &usage.Call{Organization: f.Organization, Account: uuid.UUID{1}, App: app, Credential: app, Product: uuid.UUID{2}, Code: code}
}

// Query returns a query of all calls of the organization in its time zone.
func (f *Fixture) Query(i usage.Interval, from, to time.Time) usage.Query {
	return usage.Query{Organization: f.Organization, From: from, To: to, Location: f.Zone, OrganizationLocation: f.Zone, Interval: i}
}

// RandomCalls returns n different calls of an organization.
func RandomCalls(organization uuid.UUID, n int) []usage.Call {
	r := rand.New(rand.NewPCG(1, 1))
	out := make([]usage.Call, n)
	for i := range out {
		out[i] = usage.Call{Organization: organization, Account: RandomID(r), App: RandomID(r), Credential: RandomID(r), Product: uuid.UUID{7}, Endpoint: uuid.UUID{9}, Code: usage.CodePassed}
	}
	return out
}

// RandomID returns an id from r.
func RandomID(r *rand.Rand) (id uuid.UUID) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}

// At parses a time by RFC 3339.
func At(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// Noon is a time within a minute.
func Noon() time.Time { return At("2026-06-15T12:00:30Z") }
