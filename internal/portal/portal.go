// Package portal puts the services together that make up Portico: identity,
// catalog, apps, activity, maintenance and mail. Each method of a service takes the
// viewer from its context, asks package policy, and makes its change and appends
// its event in one transaction. No service depends on HTTP or GraphQL.
//
// Errors are *fault.Invalid for what the user can correct in the input, and
// *fault.Error otherwise. An object that is unknown, deleted or somebody else's,
// or has a malformed id, is fault.NotFound in each case.
//
// The tests here are of rules that hold for all services: every mutation waits for
// the key cache, and of many requests that create or change the same thing at once
// one succeeds. All others stand in the service's own package.
package portal

import (
	"log/slog"
	"time"

	"entgo.io/ent/dialect"

	"portico/ent/db"
	"portico/internal/activity"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/identity"
	"portico/internal/keyimport"
	"portico/internal/listing"
	"portico/internal/mail"
	"portico/internal/maintenance"
	"portico/internal/requests"
	"portico/internal/statements"
	"portico/internal/usage/report"
)

// Secrets provides the present contents of the key ring.
type Secrets interface {
	apps.Peppers
	listing.CursorKeys
}

// Limiter counts what strangers do.
type Limiter interface {
	identity.Limiter
	apps.LeakLimiter
}

// Counters count for metrics. Each may be nil.
type Counters struct {
	// SignInFailed is called for each failed sign-in.
	SignInFailed func(identity.SignInFailure)
	// LeakCounted is called for each report of a leaked key, and what came of it.
	LeakCounted func(apps.LeakSource, apps.LeakOutcome)
}

// Options configures a Portal. All fields but DatabaseClock, KeyCache, Development,
// UnclearFor, Outer, Mint, Log, Counters and Mail are required.
type Options struct {
	Client   *db.Client
	Database *database.DB
	Clock    clock.Clock
	// DatabaseClock is what expiries and purges follow; nil for Clock.
	DatabaseClock clock.Clock
	Secrets       Secrets
	Passwords     identity.Passwords
	Limiter       Limiter
	Tokens        identity.Tokens
	Devices       identity.Devices
	Totp          identity.Totp
	Links         identity.Links
	Machines      identity.Machines
	// KeyCache is nil in processes that do not serve gateways, such as
	// commands.
	KeyCache change.KeyCache
	// Development permits demo users, whose password is public, to sign in.
	Development bool
	// UnclearFor is how long to ask whether a commit whose response was lost
	// took effect; 0 means 3 s, which is longer than the server keeps the
	// transaction of a client that has disappeared.
	UnclearFor time.Duration
	// Outer is a transaction that all changes are parts of; usually nil. Client is
	// then the transaction's own. See change.Runner.
	Outer *change.Tx
	// Mint creates API keys; nil for apikey.Mint.
	Mint func(prefix string) (apikey.Secret, error)
	// Log receives failed sign-ins; nil for slog.Default.
	Log *slog.Logger
	Counters
	// Mail says how letters are sent; the zero value if none are.
	Mail MailOptions
}

// MailOptions says how letters are sent.
type MailOptions struct {
	// From is the address that they come from, PortalURL where the front end is to
	// which their links lead.
	From, PortalURL string
	// Sends: there is a mail server, or a folder for letters.
	Sends bool
}

// Portal is the services. They share one database and one runner of changes.
type Portal struct {
	Identity    *identity.Service
	Catalog     *catalog.Service
	Apps        *apps.Service
	Activity    *activity.Service
	Maintenance *maintenance.Service
	Mail        *mail.Service
	Imports     *keyimport.Service
	Requests    *requests.Service
	Statements  *statements.Service

	changes  *change.Runner
	entities entity.Reader
	clock    clock.Clock
}

// New returns a Portal.
func New(o Options) *Portal {
	changes := change.NewRunner(change.Options{
		Client: o.Client, Database: o.Database, Clock: o.Clock, KeyCache: o.KeyCache, UnclearFor: o.UnclearFor, Outer: o.Outer,
	})
	entities := entity.NewReader(o.Client, listing.Reader{Keys: o.Secrets, Fault: change.PublicError, Now: o.Clock.Now, Statements: listing.NewStatements(), Unions: o.Database.Dialect() == dialect.Postgres})
	if o.DatabaseClock == nil {
		o.DatabaseClock = o.Clock
	}
	p := &Portal{changes: changes, entities: entities, clock: o.Clock, Imports: keyimport.New(changes, o.Secrets), Maintenance: maintenance.New(o.Client, o.Database, changes, o.DatabaseClock)}
	p.Identity = identity.New(identity.Options{
		Client: o.Client, Changes: changes, Entities: entities, Clock: o.Clock,
		Passwords: o.Passwords, Limiter: o.Limiter, Tokens: o.Tokens, Devices: o.Devices, Machines: o.Machines, Totp: o.Totp,
		Links: o.Links, CanMail: o.Mail.Sends, SwitchedOff: mail.SwitchedOff,
		Development: o.Development, Log: o.Log, SignInFailed: o.SignInFailed, EndAccount: apps.EndAccount,
	})
	p.Catalog = catalog.New(catalog.Options{Client: o.Client, Changes: changes, Entities: entities, EndProduct: apps.EndProduct})
	p.Apps = apps.New(apps.Options{Client: o.Client, Changes: changes, Entities: entities, Clock: o.Clock, Peppers: o.Secrets, Leaks: o.Limiter, LeakCounted: o.LeakCounted, Mint: o.Mint})
	p.Requests = requests.New(requests.Options{Client: o.Client, Changes: changes, Entities: entities, Clock: o.Clock, Apps: p.Apps})
	p.Mail = mail.New(mail.Options{
		Client: o.Client, Database: o.Database, Changes: changes, Clock: o.DatabaseClock, From: o.Mail.From, PortalURL: o.Mail.PortalURL, Sends: o.Mail.Sends,
		Resets: p.Identity, Invitations: p.Identity, SignUps: p.Identity,
	})
	p.Statements = statements.New(statements.Options{Client: o.Client, Database: o.Database, Changes: changes, Entities: entities, Clock: o.DatabaseClock, Calls: report.NewReader(o.Database, o.DatabaseClock)})
	p.Activity = activity.New(activity.Options{Client: o.Client, Changes: changes, Entities: entities})
	return p
}

// Entities returns the reader of rows by id.
func (p *Portal) Entities() entity.Reader { return p.entities }

// Now returns the time of the portal's clock.
func (p *Portal) Now() time.Time { return p.clock.Now() }

// ForgetStatements forgets all statements that are kept, for tests that change the
// row policies.
func (p *Portal) ForgetStatements() {
	p.entities.Lists.Statements.Purge()
	p.changes.Statements().Purge()
}
