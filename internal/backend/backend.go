// Package backend opens what the program works on: the key ring, the database
// with its schema up to date, and the parts that are built over the two. Commands
// and the server begin with it. It owns the rule that secrets, database and
// development mode must belong together.
package backend

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"time"

	"portico/ent/db"
	_ "portico/ent/db/runtime" // the row policies and defaults of ent's entities
	"portico/internal/auth"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/database"
	"portico/internal/installation"
	"portico/internal/keyring"
	"portico/internal/portal"
)

// The issuer and audience of access tokens. A token of another program is not
// valid even if it was signed with the same secret.
const (
	tokenIssuer   = "portico"
	tokenAudience = "portico-api"
)

// Options configures Open and OpenDatabase. Config and Log are required.
type Options struct {
	Config *config.Config
	Log    *slog.Logger
	// Patience is how long a database that does not respond is waited for.
	Patience time.Duration
	// OpenPool opens the database's pools, to trace statements; may be nil.
	OpenPool func(driver.Connector) *sql.DB
	// Clock is the machine's clock; nil for clock.System.
	Clock clock.Clock
}

// Backend is the open database and what is built over it and the key ring.
type Backend struct {
	Clock clock.Clock
	// DatabaseClock is what expiries, purges and leases follow.
	DatabaseClock *DatabaseClock
	Ring          *keyring.Ring
	Database      *database.DB
	Client        *db.Client
	Passwords     *auth.Passwords
	Limiter       *auth.Limiter
	Tokens        *auth.Tokens
	Machines      *auth.MachineTokens
	// Vault encrypts what providers have to be shown again.
	Vault *auth.Vault

	development bool
	mail        portal.MailOptions
}

// Open opens the database, refuses it if this machine's clock is far from the
// database's or its secrets are others than those configured, and brings its
// schema up to date.
func Open(ctx context.Context, o Options) (*Backend, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	var ring *keyring.Ring
	if !UsesDevelopmentRing(o.Config) {
		var err error
		if ring, err = OpenRing(o.Config); err != nil {
			return nil, err
		}
	}
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		return nil, err
	}
	databaseClock := NewDatabaseClock(d, o.Clock)
	if err = databaseClock.Compare(ctx); err == nil {
		err = checkRing(ctx, d, ring)
	}
	if err == nil {
		err = applyMigrations(ctx, o.Log, d)
	}
	switch {
	case err != nil:
	case ring == nil:
		ring, err = installation.Development(ctx, d, o.Clock)
	default:
		err = installation.Check(ctx, d, ring, time.Now())
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &Backend{
		Clock: o.Clock, DatabaseClock: databaseClock, Ring: ring, Database: d, Client: db.NewClient(db.Driver(d.Driver())),
		Passwords: auth.NewPasswords(auth.PasswordOptions{}),
		Limiter:   auth.NewLimiter(d, ring, o.Clock),
		Tokens:    auth.NewTokens(ring, o.Clock, tokenIssuer, tokenAudience),
		Machines:  auth.NewMachineTokens(ring), Vault: auth.NewVault(ring), development: o.Config.Dev,
		mail: portal.MailOptions{From: o.Config.MailFrom, PortalURL: o.Config.PortalURL, Sends: o.Config.Dev || o.Config.SMTPURL != ""},
	}, nil
}

// Services returns the services over the backend. Changes that revoke something
// wait until keyCache has applied them; it is nil in commands.
func (b *Backend) Services(keyCache change.KeyCache, counters portal.Counters) *portal.Portal {
	return portal.New(b.options(keyCache, counters))
}

// ServicesInside returns services whose changes are parts of a transaction.
func (b *Backend) ServicesInside(tx *change.Tx) *portal.Portal {
	o := b.options(nil, portal.Counters{})
	o.Client, o.Outer = tx.Client(), tx
	return portal.New(o)
}

func (b *Backend) options(keyCache change.KeyCache, counters portal.Counters) portal.Options {
	return portal.Options{
		Client: b.Client, Database: b.Database, Clock: b.Clock, DatabaseClock: b.DatabaseClock,
		Secrets: b.Ring, Passwords: b.Passwords, Limiter: b.Limiter,
		Tokens: b.Tokens, Machines: b.Machines, Devices: auth.NewDevices(b.Ring, b.Clock), Links: auth.NewLinks(b.Ring), Totp: auth.NewTotp(b.Ring, b.Clock), Development: b.development,
		KeyCache: keyCache, Counters: counters, Mail: b.mail,
	}
}

// Close closes the database.
func (b *Backend) Close() error { return b.Database.Close() }
