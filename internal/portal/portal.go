// Package portal is the services: what people do with apps, keys, products,
// subscriptions, accounts and users, one noun a file. Each method takes the
// viewer from its context, asks package policy, and does one thing in one
// transaction together with its event. It knows no HTTP and no GraphQL.
//
// Errors: *fault.Invalid for what the user can correct in the input, else a
// *fault.Error. An object that is unknown, deleted, malformed in its id or
// somebody else's is fault.NotFound, always the same one.
package portal

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/paging"
)

// Pepper is a secret that keys are hashed under; it lives outside the database.
type Pepper struct {
	ID     string
	Secret []byte
}

// Secrets returns the key ring's present contents.
type Secrets interface {
	// Pepper is the one to hash new keys under.
	Pepper() Pepper
	// PepperByID finds one that keys may still be hashed under.
	PepperByID(id string) (Pepper, bool)
	// CursorKey is the one to seal new cursors with.
	CursorKey() paging.Key
	// CursorKeyByID finds one that is still believed.
	CursorKeyByID(id string) (paging.Key, bool)
}

// Passwords hashes and checks passwords, a bounded number at a time.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (bool, error)
	// VerifyNothing does the work of Verify for an address that is unknown.
	VerifyNothing(ctx context.Context, password string) error
	// Check refuses weak ones; field names the input's field.
	Check(field, password string, email address.Email) error
}

// Guess is a password that somebody is about to try.
type Guess struct {
	Address address.Email
	// Client is the network address that it comes from, Devices are what shows
	// that a device has signed in before.
	Client  string
	Devices []string
	// Session is the user who is signed in already; all zero when nobody is.
	Session uuid.UUID
	// Users are those whose password would be tried.
	Users []uuid.UUID
	// Anywhere: no organization was named.
	Anywhere bool
	// Since has an element for each of Users: the failures until then are
	// forgiven.
	Since []time.Time
}

// Attempt is a sign-in that counts as failed until it is settled.
type Attempt interface {
	// Open reports whether the password of the user at this place in
	// Guess.Users may be tried.
	Open(user int) bool
	// Succeeded is called with the places of those for whom it was right; for
	// others whose password was tried it stays a failure.
	Succeeded(ctx context.Context, right ...int) error
	Withdraw(ctx context.Context) error
	Done()
}

// Limiter counts failed sign-ins; Reserve fails with fault.RateLimited.
type Limiter interface {
	Reserve(ctx context.Context, g Guess) (Attempt, error)
}

// Devices makes the tokens by which devices that have signed in are known.
type Devices interface {
	// Issue takes what the device presented, which keeps its identity.
	Issue(e address.Email, user uuid.UUID, presented []string) string
}

// Tokens issues access tokens.
type Tokens interface {
	Issue(user, organization uuid.UUID, tokenVersion int) (token string, expiresAt time.Time, err error)
}

// RevocationSync answers gateways in this process. What changes verdicts counts as done
// only when the gate goes by it.
type RevocationSync interface {
	// Sync returns when the gate has applied everything that the organization
	// committed before the call, or refuses all of its keys until it has.
	Sync(ctx context.Context, organization uuid.UUID) error
	// Wake tells the gates of all servers that something was committed.
	Wake()
}

// Options are what a Portal needs; all but Gate, UnclearFor, Log and
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
	// RevocationSync is nil where no gateways are answered, as in commands.
	Revocations RevocationSync
	// Development lets demo users in, whose password everybody knows.
	Development bool
	// UnclearFor is how long is asked whether a commit has happened whose answer
	// was lost; 0 is 3 s, which is longer than the server lets a transaction live
	// whose client has fallen silent.
	UnclearFor time.Duration
	// Log is told of sign-ins that failed; nil: the default one.
	Log *slog.Logger
	// SignInFailed is called for each of them, to count them.
	SignInFailed func(SignInFailure)
}

// Portal is the services. It is safe for concurrent use.
type Portal struct {
	client      *db.Client
	database    *database.DB
	clock       clock.Clock
	secrets     Secrets
	passwords   Passwords
	limiter     Limiter
	tokens      Tokens
	devices     Devices
	revocations RevocationSync
	failures    *failures
	unclearFor  time.Duration
	// development lets demo users in.
	development bool
}

// New returns the services.
func New(o Options) *Portal {
	if o.UnclearFor == 0 {
		o.UnclearFor = unclearFor
	}
	return &Portal{
		client: o.Client, database: o.Database, clock: o.Clock, secrets: o.Secrets,
		passwords: o.Passwords, limiter: o.Limiter, tokens: o.Tokens, devices: o.Devices, revocations: o.Revocations, unclearFor: o.UnclearFor,
		failures: newFailures(o), development: o.Development,
	}
}

// Now tells the time by the portal's clock.
func (p *Portal) Now() time.Time { return p.clock.Now() }
