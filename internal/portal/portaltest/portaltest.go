// Package portaltest provides tests with a working Portal: a fresh database, a
// fake clock, key rings in memory, cheap password hashes, and builders for
// everything that a test needs.
package portaltest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"

	"portico/ent/db"
	_ "portico/ent/db/runtime" // the schema's rules and defaults
	"portico/internal/auth"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/portal"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// Password is the password of every user that the builders create.
const Password = "correct horse battery"

// PortalURL is where the links of letters lead.
const PortalURL = "https://portal.example.com"

// Fixture is a Portal and its dependencies.
type Fixture struct {
	Portal    *portal.Portal
	Directory *identity.Directory
	Database  *database.DB
	Client    *db.Client
	// Clock stands at Start until the test moves it.
	Clock     *clock.Fake
	Ring      *keyring.Ring
	Passwords *auth.Passwords
	Tokens    *auth.Tokens
	options   portal.Options
}

// Start is the time at which each test begins.
func Start() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

// New returns a Portal that uses the database of url, as returned by testdb,
// until the test ends.
func New(t testing.TB, url string) *Fixture {
	t.Helper()
	return NewWith(t, url, database.Options{})
}

// NewWith is New with options for the database.
func NewWith(t testing.TB, url string, o database.Options) *Fixture {
	t.Helper()
	d := testdb.OpenWith(t, url, o)
	f := &Fixture{
		Database: d, Client: db.NewClient(db.Driver(d.Driver())), Clock: clock.NewFake(Start()), Ring: keyring.ForTest(),
		Passwords: auth.NewPasswords(auth.PasswordOptions{
			Cost: argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
			Wait: time.Minute,
		}),
	}
	f.Tokens = auth.NewTokens(f.Ring, f.Clock, "portico", "portico")
	f.Directory = identity.NewDirectory(d, f.Clock, false)
	f.options = portal.Options{
		Client: f.Client, Database: d, Clock: f.Clock, Secrets: f.Ring,
		Passwords: f.Passwords, Limiter: auth.NewLimiter(d, f.Ring, f.Clock),
		Tokens: f.Tokens, Machines: auth.NewMachineTokens(f.Ring), Devices: auth.NewDevices(f.Ring, f.Clock), Links: auth.NewLinks(f.Ring), Totp: auth.NewTotp(f.Ring, f.Clock), Log: slog.New(slog.DiscardHandler),
		Mail: portal.MailOptions{From: "no-reply@portal.example.com", PortalURL: PortalURL, Sends: true},
	}
	f.Portal = portal.New(f.options)
	return f
}

// With returns another Portal with the same dependencies and other options.
func (f *Fixture) With(change func(*portal.Options)) *portal.Portal {
	o := f.options
	change(&o)
	return portal.New(o)
}

// System returns the context of Portico itself, in every organization.
func System(t testing.TB) context.Context {
	return viewer.AsSystem(t.Context(), uuid.Nil)
}

// As returns the context of a viewer.
func As(t testing.TB, v viewer.Viewer) context.Context { return viewer.NewContext(t.Context(), v) }

// Enter returns the context of a user as a request would have it: it reads the
// user's row, policies and first account from the database.
func (f *Fixture) Enter(t testing.TB, u *db.User) context.Context {
	t.Helper()
	v, ok, err := f.Directory.Person(t.Context(), u.OrganizationID, u.ID, f.MustSession(t, u).ID, uuid.Nil)
	if err != nil || !ok {
		t.Fatalf("entering as %s: %v %v", u.Email, ok, err)
	}
	v.Address, v.RequestID = "192.0.2.1", "test"
	return As(t, v)
}

// MustSession begins a session of a user, which does not expire while tests move the
// clock.
func (f *Fixture) MustSession(t testing.TB, u *db.User) *db.Session {
	t.Helper()
	now := f.Clock.Now()
	s, err := f.Client.Session.Create().SetOrganizationID(u.OrganizationID).SetUserID(u.ID).SetDevice("Test").SetAddress("192.0.2.1").
		SetCreatedAt(now).SetLastSeenAt(now).SetExpiresAt(now.AddDate(100, 0, 0)).Save(System(t))
	return must(t, s, err)
}

// must ends the test if err is not nil.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
