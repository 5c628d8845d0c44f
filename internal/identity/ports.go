package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
)

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

// Limiter counts failed sign-ins; Reserve fails with fault.CodeRateLimited.
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
