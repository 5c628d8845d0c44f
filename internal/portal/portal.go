// Package portal implements the services for apps, credentials, products,
// subscriptions, accounts and users, one noun a file. Each method takes the
// viewer from its context, asks package policy, and makes its change and appends
// its event in one transaction. The package does not depend on HTTP or GraphQL.
//
// Errors are *fault.Invalid for what the user can correct in the input, and
// *fault.Error otherwise. An object that is unknown, deleted or somebody else's,
// or has a malformed id, is fault.NotFound in each case.
package portal

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/entity"
	"portico/internal/listing"
	"portico/internal/paging"
)

// Pepper is a secret with which API keys are hashed; it is stored outside the
// database.
type Pepper struct {
	ID     string
	Secret []byte
}

// Secrets provides the present contents of the key ring.
type Secrets interface {
	// Pepper returns the pepper for new credentials.
	Pepper() Pepper
	// PepperByID returns a pepper that existing credentials may use.
	PepperByID(id string) (Pepper, bool)
	// CursorKey returns the key that seals new cursors.
	CursorKey() paging.Key
	// CursorKeyByID returns a key whose cursors are still valid.
	CursorKeyByID(id string) (paging.Key, bool)
}

// Passwords hashes and verifies passwords; the number of concurrent
// computations is bounded.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (bool, error)
	// VerifyDummy takes as long as Verify, for an unknown address.
	VerifyDummy(ctx context.Context, password string) error
	// Check returns an error for a weak password; field is the input's field.
	Check(field, password string, email address.Email) error
}

// Guess is a password that is about to be verified.
type Guess struct {
	Address address.Email
	// Client is the network address that it comes from, Devices are the tokens
	// of devices that have signed in before.
	Client  string
	Devices []string
	// Session is the user who is signed in already; all zero if none is.
	Session uuid.UUID
	// Users are those whose passwords will be compared.
	Users []uuid.UUID
	// NoOrganization is true if no organization was named.
	NoOrganization bool
	// Since has an element for each of Users: failures until then do not count.
	Since []time.Time
}

// Attempt is a sign-in that counts as failed until it is settled.
type Attempt interface {
	// Allowed reports whether the password of the user at this index of
	// Guess.Users may be verified.
	Allowed(user int) bool
	// Succeeded is called with the indexes of the users whose password was
	// right; for the others whose password was verified it remains a failure.
	Succeeded(ctx context.Context, right ...int) error
	Withdraw(ctx context.Context) error
	Done()
}

// Limiter counts failed sign-ins; Reserve fails with fault.RateLimited.
type Limiter interface {
	Reserve(ctx context.Context, g Guess) (Attempt, error)
}

// Devices issues the tokens that identify devices that have signed in.
type Devices interface {
	// Issue returns a token; the device keeps the identity of the tokens it
	// presented.
	Issue(e address.Email, user uuid.UUID, presented []string) string
}

// Tokens issues access tokens.
type Tokens interface {
	Issue(user, organization uuid.UUID, tokenVersion int) (token string, expiresAt time.Time, err error)
}

// Options configures a Portal. All fields but Revocations, UnclearFor, Log and
// SignInFailed are required.
type Options struct {
	Client    *db.Client
	Database  *database.DB
	Clock     clock.Clock
	Secrets   Secrets
	Passwords Passwords
	Limiter   Limiter
	Tokens    Tokens
	Devices   Devices
	// Revocations is nil in processes that do not serve gateways, such as
	// commands.
	Revocations change.RevocationSync
	// Development permits demo users, whose password is public, to sign in.
	Development bool
	// UnclearFor is how long to ask whether a commit whose response was lost
	// took effect; 0 means 3 s, which is longer than the server keeps the
	// transaction of a client that has disappeared.
	UnclearFor time.Duration
	// Log receives failed sign-ins; nil for slog.Default.
	Log *slog.Logger
	// SignInFailed is called for each failed sign-in, for metrics.
	SignInFailed func(SignInFailure)
}

// Portal implements the services. It is safe for concurrent use.
type Portal struct {
	client    *db.Client
	clock     clock.Clock
	secrets   Secrets
	passwords Passwords
	limiter   Limiter
	tokens    Tokens
	devices   Devices
	changes   *change.Runner
	failures  *failures
	entities  entity.Reader
	// development permits demo users to sign in.
	development bool
}

// New returns a Portal.
func New(o Options) *Portal {
	return &Portal{
		client: o.Client, clock: o.Clock, secrets: o.Secrets,
		passwords: o.Passwords, limiter: o.Limiter, tokens: o.Tokens, devices: o.Devices,
		changes:  change.NewRunner(change.Options{Client: o.Client, Database: o.Database, Clock: o.Clock, Revocations: o.Revocations, UnclearFor: o.UnclearFor}),
		failures: newFailures(o), entities: entity.NewReader(o.Client, listing.Reader{Keys: o.Secrets, Fault: change.PublicError, Now: o.Clock.Now}), development: o.Development,
	}
}

// Entities returns the reader of rows by id.
func (p *Portal) Entities() entity.Reader { return p.entities }

// Now returns the time of the portal's clock.
func (p *Portal) Now() time.Time { return p.clock.Now() }
